"""Words as jieba's search mode cuts them, with the dictionary of the trade.

jieba is the reference: its dictionary, its algorithm, its user words. It takes a second to load
and 60 µs for a question, so rjieba, the same algorithm and dictionary compiled, stands in where
it is installed: 0.1 s and 9 µs. Over normalised text both give the same words
(tests/knowledge/search/test_segment.py holds them to it), and where there is no rjieba for a
machine, jieba does the work itself. The first texts of a process are cut by a stored list of
words, because they use hardly any of what takes that tenth of a second to load.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

from knowledge.search import wordlist
from knowledge.search.wordlist import WordList

log = logging.getLogger(__name__)

# After so many texts it pays to load the whole dictionary.
PATIENCE = 16
# Stands for all words that a text does not hold; no text holds it.
_REST = "\0"


class Segmenter:
    """Cuts normalised text into words; long words also give the shorter ones inside them."""

    def __init__(self, dictionary: Iterable[tuple[str, int | None]] = ()) -> None:
        """Take the dictionary of the trade; a word without a frequency gets what keeps it whole."""
        self._dictionary = tuple(dictionary)
        self._list: WordList | None = None
        self._cuts = 0

    @property
    def waits(self) -> bool:
        """Tell whether the whole dictionary is still to be loaded."""
        return "_engine_and_own_words" not in self.__dict__

    def __call__(self, text: str) -> list[str]:
        """Return the words of a normalised text in jieba's order, without the gaps."""
        self._cuts += 1
        # Another thread may put the list away between a look at it and its use.
        stored = self._list
        if stored is not None and self._cuts > PATIENCE:
            self._list = stored = None
        engine = self._engine if stored is None else _of_words(stored, text)
        return [word for word in engine.cut_for_search(text) if word[0].isalnum()]

    def knows(self, word: str) -> bool:
        """Say whether a word stands in the dictionary."""
        stored = self._list
        if stored is not None:
            return stored.frequency(word) > 0
        return bool(self._engine.has_word(word))

    def use(self, path: Path) -> bool:
        """Cut the first texts with a stored list of words; False if it is wanted and wanting."""
        if self.waits and _compiled() is not None:
            self._list = _opened(path)
            return self._list is not None
        return True

    def keep(self, path: Path) -> None:
        """Store the list of words that `use` reads, unless a whole one is there.

        It saves time and nothing else, so a folder that takes no file is no failure.
        """
        if _compiled() is None or not os.access(path.parent, os.W_OK) or _opened(path) is not None:
            return
        try:
            wordlist.write(path, {**_jiebas_words(), **self._engine_and_own_words[1]})
        except OSError as error:
            log.warning("the list of words was not stored: %s", error)

    @property
    def _engine(self) -> Any:  # Neither library has types.
        return self._engine_and_own_words[0]

    @cached_property
    def _engine_and_own_words(self) -> tuple[Any, dict[str, int]]:
        """A tokenizer of its own, so that user words stay with it, and how frequent these are."""
        module = _compiled()
        engine = module.Jieba() if module else reference()
        own = {
            word: engine.add_word(word, frequency or engine.suggest_freq(word), "n")
            for word, frequency in self._dictionary
        }
        return engine, own


def _opened(path: Path) -> WordList | None:
    try:
        return WordList.open(path)
    except (OSError, ValueError) as error:
        log.info("the list of words is not usable: %s", error)
        return None


def _of_words(words: WordList, text: str) -> Any:
    """Return a tokenizer that knows the words of one text alone, and how many there are in all."""
    engine = _compiled().Jieba.empty()
    inside = words.inside(text)
    for word, frequency in inside.items():
        engine.add_word(word, frequency, "n")
    engine.add_word(_REST, words.total - sum(inside.values()), "n")
    return engine


def _jiebas_words() -> dict[str, int]:
    """Return jieba's dictionary; importing jieba for its place would load half of it."""
    package = find_spec("jieba")
    if package is None or package.origin is None:
        raise FileNotFoundError("jieba is not installed")
    lines = (Path(package.origin).parent / "dict.txt").read_text("utf-8").splitlines()
    return {word: int(frequency) for word, frequency, _ in (line.split(" ") for line in lines)}


@cache
def _compiled() -> Any:
    """Load rjieba's compiled module, or return None where it is not installed.

    Importing the package would make a tokenizer for the whole process that nobody uses: as much
    time and memory again as the one that is wanted.
    """
    package = find_spec("rjieba")
    if package is None:
        return None
    found = PathFinder.find_spec("rjieba", package.submodule_search_locations)
    if found is None or found.loader is None:
        return None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def reference() -> Any:
    """Return jieba itself with the calls that rjieba has."""
    import jieba

    jieba.setLogLevel(logging.WARNING)

    class Reference(jieba.Tokenizer):  # type: ignore[misc]  # jieba has no types.
        """jieba's tokenizer, asked whether it knows a word."""

        def has_word(self, word: str) -> bool:
            self.check_initialized()
            return bool(self.FREQ.get(word))

    return Reference()
