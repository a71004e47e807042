"""The vocabulary that people edit: dictionary, synonyms, abbreviations, fillers.

Everything is held in normalised form. The files are in `knowledge/data`; each says at its top
how it is written.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path

from knowledge.search.normalise import Normaliser
from knowledge.search.pinyin import Syllables
from knowledge.search.reading import lines
from knowledge.search.segment import Segmenter

DATA = Path(__file__).parents[1] / "data"
# A dictionary line as jieba's user dictionaries have it: word, frequency, part of speech.
_ENTRY = re.compile(r"^(\S+)(?:\s+([0-9]+))?(?:\s+[a-z]+)?$")


class Lexicon:
    """What is known of words before any passage is read."""

    def __init__(
        self,
        *,
        normalise: Normaliser,
        syllables: Syllables,
        dictionary: Mapping[str, int | None],
        synonyms: Mapping[str, tuple[str, ...]],
        abbreviations: Mapping[str, tuple[str, ...]],
        fillers: Iterable[str],
        function_characters: str,
    ) -> None:
        self.normalise = normalise
        self.syllables = syllables
        self.dictionary = dict(dictionary)
        self.synonyms = dict(synonyms)
        self.abbreviations = dict(abbreviations)
        self.fillers = sorted(set(fillers), key=lambda words: (-len(words), words))
        self.function_characters = frozenset(function_characters)

    @classmethod
    def load(cls, folder: Path = DATA, *, plain: bool = False) -> Lexicon:
        """Read the files of a folder; `plain` leaves out the vocabulary of the trade.

        Raises `ValueError` naming the file where a line cannot be read.
        """
        normalise = Normaliser.load(folder)
        return cls(
            normalise=normalise,
            syllables=Syllables(folder),
            dictionary={} if plain else _dictionary(folder / "dictionary.txt", normalise),
            synonyms={} if plain else _synonyms(folder / "synonyms.toml", normalise),
            abbreviations={} if plain else _long_forms(folder / "abbreviations.toml", normalise),
            fillers=map(normalise, lines(folder / "fillers.txt")),
            function_characters="".join(lines(folder / "function_characters.txt")),
        )

    @cached_property
    def segment(self) -> Segmenter:
        """The segmenter with this dictionary; loaded when the first text is cut."""
        return Segmenter(sorted(self.words.items()))

    @property
    def words(self) -> dict[str, int | None]:
        """The dictionary and the abbreviations, which must not be cut either."""
        short = {word: None for word in self.abbreviations if word.isalnum()}
        return {**short, **self.dictionary}

    @cached_property
    def fingerprint(self) -> int:
        """A number that changes with whatever an index built from this lexicon depends on."""
        words = repr((sorted(self.words.items()), sorted(self.abbreviations.items())))
        return zlib.crc32(self.syllables.table.tobytes(), zlib.crc32(words.encode()))

    @cached_property
    def filler(self) -> re.Pattern[str]:
        """A pattern that finds the fillers, the longest first."""
        return re.compile("|".join(map(re.escape, self.fillers)) or "(?!)")

    @cached_property
    def abbreviation(self) -> re.Pattern[str]:
        """A pattern that finds the abbreviations, the longest first."""
        short = sorted(self.abbreviations, key=lambda words: (-len(words), words))
        return re.compile("|".join(map(re.escape, short)) or "(?!)")

    @cached_property
    def written(self) -> re.Pattern[str]:
        """A pattern that finds the abbreviations and their long forms, the longest first."""
        longs = (long for forms in self.abbreviations.values() for long in forms)
        forms = sorted({*self.abbreviations, *longs}, key=lambda words: (-len(words), words))
        return re.compile("|".join(map(re.escape, forms)) or "(?!)")

    def written_out(self, text: str) -> str:
        """Write out the abbreviations that have but one long form; what is long already stays.

        Passages and questions are both written out, so it does not matter who wrote which form.
        """
        return self.written.sub(lambda found: self._long_form(found[0]), text)

    def _long_form(self, short: str) -> str:
        longs = self.abbreviations.get(short, ())
        return longs[0] if len(longs) == 1 else short


@cache
def shipped() -> Lexicon:
    """Return the vocabulary that comes with the program, read once."""
    return Lexicon.load()


def _dictionary(path: Path, normalise: Normaliser) -> dict[str, int | None]:
    words: dict[str, int | None] = {}
    for line in lines(path):
        entry = _ENTRY.match(line)
        if not entry:
            raise ValueError(f"{path.name}: not a word with frequency and part: {line!r}")
        word = normalise(entry[1])
        # A word that normalising takes apart, as a number does, cannot be one word any more.
        if word.isalnum() and not any(c.isdecimal() for c in word):
            words[word] = int(entry[2]) if entry[2] else None
    return words


def _synonyms(path: Path, normalise: Normaliser) -> dict[str, tuple[str, ...]]:
    others: dict[str, tuple[str, ...]] = {}
    for group in tomllib.loads(path.read_text(encoding="utf-8"))["groups"]:
        words = [normalise(word) for word in group]
        for word in words:
            rest = tuple(other for other in words if other != word)
            others[word] = others.get(word, ()) + rest
    return others


def _long_forms(path: Path, normalise: Normaliser) -> dict[str, tuple[str, ...]]:
    table = tomllib.loads(path.read_text(encoding="utf-8"))["abbreviations"]
    return {
        normalise(short): tuple(map(normalise, [long] if isinstance(long, str) else long))
        for short, long in table.items()
    }
