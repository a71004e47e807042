"""How a question compares with all the ways in which an entry is asked.

Siblings share most of their words, and BM25 does not mind what a passage holds beyond the
question: 支部几年一届 found the term of a village's branch first, which says all of it and 村. So
what the wordings of an entry have in common is looked at from their side: of the characters that
its wordings say, each by the share of the wordings that say it, how much does the question lack?
`python -m benchmarks.fit_wordings` fits the constants on wordings held back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge.cards import Card
from knowledge.search.confidence import logistic
from knowledge.search.lexicon import shipped

# Fewer wordings do not tell what an entry's questions have in common.
FEW = 4
# So much of its question an entry need not hold for the loss of one of the search's best score.
UNTOLD = 2.0
# What tells against the right entry, on average; it stands in where the wordings are few.
TYPICAL = 0.6
# So many of the first passages are compared.
NEAR = 10
RECENT = 4096
# Intercept, then the weights of vocabulary, margin, lack, untold and elsewhere: the chance that
# the first candidate answers, and the chance that the question is in scope at all, were half of
# them.
RIGHT = (0.49, 4.53, 7.85, -5.55, -3.33, -2.97)
KNOWN = (1.66, 12.15, 1.76, -10.55, -10.22, -9.97)
ANSWER_FROM = 0.5
# What is less likely known is only offered; what hardly is, is declined, unless the first
# candidate is surely right.
TOLD_FROM = 0.3
KNOWN_FROM = 0.1
SURE_FROM = 0.9
# What names nothing of the trade must be known all the better.
ALIKE_FROM = 0.3

_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Unlike:
    """What tells against a passage, each from 0 to 1.

    `lack` is the share of what its wordings say that the question does not; `untold` the share
    of the question's characters that neither a wording nor the text holds.
    """

    lack: float
    untold: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be meant; `score` is its share of the best score of the search.

    `unlike` is None where the wordings are too few to tell. Candidates are ordered by `rank`.
    """

    card: Card
    score: float
    unlike: Unlike | None

    @property
    def rank(self) -> float:
        if self.unlike is None:
            return self.score - TYPICAL
        return self.score - self.unlike.lack - self.unlike.untold / UNTOLD


def ordered(question: str, found: Sequence[tuple[Card, float]]) -> list[Candidate]:
    """Order the first of what was found by what speaks for and against them.

    `question` is as the search understood it; `found` has the scores of the search, best first.
    """
    asked = characters(question)
    best = found[0][1] if found else 1.0
    near = [Candidate(card, score / best, unlike(card, asked)) for card, score in found[:NEAR]]
    far = [Candidate(card, score / best, None) for card, score in found[NEAR:]]
    return sorted(near, key=lambda candidate: -candidate.rank) + far


def unlike(card: Card, asked: frozenset[str]) -> Unlike | None:
    """Say what tells against a card, if its wordings are enough; `asked` is not empty."""
    said = profile((card.question, *card.aliases))
    if not said or not asked:
        return None
    told = asked & said.keys()
    untold = asked - told - characters(card.text)
    return Unlike(1 - sum(said[character] for character in told), len(untold) / len(asked))


def features(
    candidates: Sequence[Candidate], vocabulary: float, elsewhere: float
) -> tuple[float, ...] | None:
    """Return what `RIGHT` and `KNOWN` weigh for the first candidate; None if it has few wordings.

    `vocabulary` is that of `knowledge.search.confidence.Evidence`, `elsewhere` the likeness to
    the nearest of `knowledge.unanswered`; the margin is how far the second candidate falls behind.
    """
    first = candidates[0]
    if first.unlike is None:
        return None
    margin = first.rank - candidates[1].rank if len(candidates) > 1 else 1.0
    return vocabulary, margin, first.unlike.lack, first.unlike.untold, elsewhere


def right(seen: tuple[float, ...]) -> float:
    """Return the chance that the first candidate answers the question, from its features."""
    return _chance(RIGHT, seen)


def known(seen: tuple[float, ...]) -> float:
    """Return the chance that the library knows what was asked, from the same features."""
    return _chance(KNOWN, seen)


def _chance(constants: tuple[float, ...], seen: tuple[float, ...]) -> float:
    intercept, *weights = constants
    return logistic(intercept + sum(w * f for w, f in zip(weights, seen, strict=True)))


@lru_cache(RECENT)
def profile(wordings: tuple[str, ...]) -> Mapping[str, float]:
    """Return what wordings say: characters, by the share of the wordings; the shares sum to 1.

    Empty where the wordings are too few.
    """
    if len(wordings) < FEW:
        return {}
    lexicon = shipped()
    forms = (lexicon.written_out(lexicon.normalise(wording)) for wording in wordings)
    said = Counter(character for form in forms for character in characters(form))
    whole = said.total()
    return {character: times / whole for character, times in said.items()}


def characters(text: str) -> frozenset[str]:
    """Return the characters that are compared: no blanks and no marks."""
    return frozenset(_CHARACTER.findall(text))
