"""From a question to weighted terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from knowledge.search.constants import DISCOUNT, K1, QUESTION_LENGTH, WEIGHTS
from knowledge.search.homophones import Homophones
from knowledge.search.lexicon import Lexicon
from knowledge.search.scoring import Weights
from knowledge.search.sorting import distinct
from knowledge.search.terms import Analysis, Keys, analyse, field_of

_WEIGHTS = np.array(WEIGHTS, dtype=np.float32)
_SATURATED = np.array(K1, dtype=np.float32) + 1


@dataclass(frozen=True, slots=True)
class Query:
    """The distinct terms of a question.

    `weights` are the weights before inverse document frequency, fields and repetitions counted.
    `perfect` is what a term gives at most, 0 for those that were not typed but added (synonyms).
    `text` is the question as it was understood.
    """

    text: str
    keys: Keys
    weights: Weights
    perfect: Weights


def understand(question: str, lexicon: Lexicon, homophones: Homophones) -> Query:
    """Normalise a question, correct it, and take it apart into weighted terms."""
    text = without_fillers(lexicon.normalise(question[:QUESTION_LENGTH]), lexicon)
    text = lexicon.written_out(text)
    asked = analyse(text, lexicon)
    corrected = homophones.correct(asked, lexicon)
    if corrected != text:
        asked = analyse(corrected, lexicon)
    return weigh(asked, list(added(asked, lexicon)), lexicon)


def without_fillers(text: str, lexicon: Lexicon) -> str:
    """Take out the polite words that mean nothing, unless nothing would be left."""
    rest = lexicon.filler.sub("", text).strip(" ")
    return rest or text


def added(asked: Analysis, lexicon: Lexicon) -> Iterable[str]:
    """Yield the synonyms and long forms of what was typed."""
    for word in dict.fromkeys(asked.words):
        yield from lexicon.synonyms.get(word, ())
    if lexicon.abbreviations:
        for short in dict.fromkeys(lexicon.abbreviation.findall(asked.text)):
            yield from (long for long in lexicon.abbreviations[short] if long not in asked.text)


def weigh(asked: Analysis, more: list[str], lexicon: Lexicon) -> Query:
    """Give the distinct terms their weights; added words count less than typed ones."""
    keys, starts = distinct(np.sort(asked.keys))
    counts = np.diff(starts, append=len(asked.keys))
    fields = field_of(keys)
    weights = counts.astype(np.float32) * _WEIGHTS[fields]
    perfect = weights * _SATURATED[fields]
    if more:
        other, _ = distinct(np.sort(np.concatenate([analyse(text, lexicon).keys for text in more])))
        other = other[keys[np.minimum(keys.searchsorted(other), len(keys) - 1)] != other]
        keys = np.concatenate((keys, other))
        weights = np.concatenate((weights, _WEIGHTS[field_of(other)] * np.float32(DISCOUNT)))
        perfect = np.concatenate((perfect, np.zeros(len(other), dtype=np.float32)))
    return Query(asked.text, keys, weights, perfect)
