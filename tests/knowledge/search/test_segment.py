"""The words of the index are jieba's words, whatever cuts them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import jieba
import pytest

from knowledge.search import wordlist
from knowledge.search.lexicon import Lexicon
from knowledge.search.segment import PATIENCE, Segmenter, reference
from knowledge.search.wordlist import WordList

SAMPLE = 4_000


def dictionary_words() -> list[str]:
    """Return jieba's own dictionary, which is the largest text of Chinese words at hand."""
    path = Path(jieba.__file__).parent / "dict.txt"
    return [line.split(" ")[0] for line in path.read_text(encoding="utf-8").splitlines()]


def varied_texts() -> Iterator[str]:
    """Yield texts of random words, random characters, letters and numbers, always the same."""
    chance = random.Random(7)
    words = dictionary_words()
    common = [chr(code) for code in range(0x4E00, 0x9FA6)]
    for _ in range(SAMPLE):
        parts = chance.choices(words, k=chance.randint(1, 12))
        parts += chance.choices(common, k=chance.randint(0, 3))
        parts += chance.choices(
            ["2026年", "3.5%", "app", "第13条", "，", "v2", "1.2.3", "a4", "党支部书记"], k=2
        )
        chance.shuffle(parts)
        yield "".join(parts)


@pytest.fixture(scope="module")
def jieba_itself(lexicon: Lexicon) -> jieba.Tokenizer:
    """jieba with the domain dictionary, loaded the way its own documentation says."""
    tokenizer = reference()
    for word, frequency in sorted(lexicon.dictionary.items()):
        tokenizer.add_word(word, frequency)
    for word in lexicon.abbreviations:
        if word not in lexicon.dictionary and word.isalnum():
            tokenizer.add_word(word)
    return tokenizer


def expected(tokenizer: jieba.Tokenizer, text: str) -> list[str]:
    return [word for word in tokenizer.cut_for_search(text) if word[0].isalnum()]


def test_the_words_are_those_of_jieba_over_a_large_sample(
    lexicon: Lexicon, jieba_itself: jieba.Tokenizer
) -> None:
    texts = [lexicon.normalise(text) for text in varied_texts()]

    different = [text for text in texts if lexicon.segment(text) != expected(jieba_itself, text)]

    assert different == []


def test_the_domain_dictionary_is_cut_as_jieba_cuts_it(
    lexicon: Lexicon, jieba_itself: jieba.Tokenizer
) -> None:
    chance = random.Random(11)
    words = sorted({*lexicon.dictionary, *lexicon.abbreviations})
    texts = [
        "的".join(chance.choices(words, k=3)) + "".join(chance.choices(words, k=3))
        for _ in range(500)
    ]

    different = [text for text in texts if lexicon.segment(text) != expected(jieba_itself, text)]

    assert different == []


def test_a_stored_list_cuts_the_first_texts_as_the_dictionary_does(
    lexicon: Lexicon, tmp_path: Path
) -> None:
    """Each text by a segmenter of its own, as the first one of a process."""
    dictionary = sorted(lexicon.words.items())
    lexicon.segment.keep(tmp_path / "words")
    texts = [lexicon.normalise(text) for text in islice(varied_texts(), 1_000)]

    different = []
    for text in texts:
        fresh = Segmenter(dictionary)
        fresh.use(tmp_path / "words")
        same = fresh(text) == lexicon.segment(text) and fresh.waits
        pairs = [text[place : place + 2] for place in range(len(text))]
        if not same or [*map(fresh.knows, pairs)] != [*map(lexicon.segment.knows, pairs)]:
            different.append(text)

    assert different == []


def test_the_dictionary_is_loaded_when_it_pays(lexicon: Lexicon, tmp_path: Path) -> None:
    lexicon.segment.keep(tmp_path / "words")
    fresh = Segmenter(sorted(lexicon.words.items()))
    fresh.use(tmp_path / "words")
    assert all("组织生活会" in fresh("怎么开组织生活会") for _ in range(PATIENCE))
    assert fresh.waits
    fresh("怎么开组织生活会")
    assert not fresh.waits


def test_without_a_usable_list_the_dictionary_is_loaded(lexicon: Lexicon, tmp_path: Path) -> None:
    fresh = Segmenter(sorted(lexicon.words.items()))
    fresh.use(tmp_path / "missing")
    assert "组织生活会" in fresh("怎么开组织生活会")
    assert not fresh.waits


def test_a_word_of_the_trade_is_kept_whole(lexicon: Lexicon, plain: Lexicon) -> None:
    assert "组织生活会" in lexicon.segment("怎么开组织生活会")
    assert "组织生活会" not in plain.segment("怎么开组织生活会")


def test_punctuation_and_gaps_are_no_words(lexicon: Lexicon) -> None:
    assert lexicon.segment(lexicon.normalise("党费，……（怎么）交？ 3.5%!")) == [
        "党费",
        "怎么",
        "交",
        "3.5%",
    ]


def test_jieba_stands_in_with_the_same_words(plain: Lexicon) -> None:
    """Where rjieba has no wheel the product still works."""
    tokenizer = reference()

    assert tokenizer.has_word("支部")
    assert not tokenizer.has_word("支萎")
    assert list(tokenizer.cut_for_search("支部委员会")) == plain.segment("支部委员会")


@pytest.mark.parametrize("damage", [None, b"", b"12 34\nbroken 1\n"])
def test_a_list_that_is_missing_or_damaged_is_stored_again(
    lexicon: Lexicon, tmp_path: Path, damage: bytes | None
) -> None:
    path = tmp_path / "words"
    if damage is not None:
        path.write_bytes(damage)
    assert not Segmenter(()).use(path)
    lexicon.segment.keep(path)
    assert Segmenter(()).use(path)


def test_a_list_that_cannot_be_stored_is_no_failure(lexicon: Lexicon, tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    lexicon.segment.keep(tmp_path / "words")
    lexicon.segment.keep(tmp_path / "missing" / "words")
    assert [path.name for path in tmp_path.iterdir()] == ["words"]


def test_a_list_put_away_by_another_thread_is_still_used(tmp_path: Path) -> None:
    """The list goes away as soon as it has been looked at once."""

    class Vanishing(Segmenter):
        def __getattribute__(self, name: str) -> object:
            value = super().__getattribute__(name)
            if name == "_list" and value is not None:
                self._list = None
            return value

    wordlist.write(tmp_path / "words", {"党费": 5, "怎么": 3})
    fresh = Vanishing(())
    fresh._list = WordList.open(tmp_path / "words")
    assert fresh("党费") == ["党费"]
    fresh._list = WordList.open(tmp_path / "words")
    assert fresh.knows("党费")
