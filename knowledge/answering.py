"""From a text to an answer: a passage with its source, what is near, or a polite no.

An answer is never composed of new facts: it is a passage, valid on the day that the question is
about. Nothing here knows the database, so that a fresh process answers from the snapshot alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Literal, Protocol

from knowledge import amounts, subjects, wordings
from knowledge.bodies import of_the_trade, strangers
from knowledge.boundaries import judge
from knowledge.cards import Card
from knowledge.moments import Moment, moment
from knowledge.search.numerals import to_digits
from knowledge.sentences import cores, questions
from knowledge.unanswered import likeness
from knowledge.wordings import Candidate

Verdict = Literal["answer", "suggest", "decline"]

# Nobody's question is longer; what follows is not read.
READ = 2_000
PARTS = 4
SHOWN = 3
DEPTH = 20
HEADING = 60
# So many shorter forms of a long story are searched for.
CORES = 6
# So many of the passages found are looked at for one that names what the question is about.
NEXT = 5
# A question that names nothing of the trade must be as good as an entry's own wording.
UNNAMED = 0.999

EMPTY = "没有看到问题。请直接输入想问的内容，例如“支委会多久开一次”。"
NOT_FOUND = "知识库里没有找到这个问题的答案。"
NEAR = "没有找到完全对应的内容，你是不是想问下面的问题？"
_ARTICLE = re.compile(r"第(\d+)条")
_WORD = re.compile(r"\w")
# 支 部 多 久 换 届: characters typed apart, unlike words (换届 请示) typed apart. Ranges beyond
# Latin-1 would take 6 ms to compile, so what is no other ASCII stands for Chinese and digits.
_CHARACTER = r"[^\s!-/:-~]"
_APART = re.compile(rf"(?<!{_CHARACTER})(?:{_CHARACTER} ){{2,}}{_CHARACTER}(?!{_CHARACTER})")


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer rests on; `remark` says what is not sure about it."""

    regulation: str
    article: str = ""
    version: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A passage that may be what was meant."""

    passage_id: int
    question: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    `score` is the confidence, 0 to 1. `question` is the heading of the passage that answers.
    `reason` tells why nothing was searched (private, chitchat, greeting, injection, empty);
    it is empty when the library was asked. `parts` holds the single answers when one message
    put several questions; text and source are then those of all and of the first.
    """

    verdict: Verdict
    text: str
    source: Source | None = None
    score: float = 0.0
    suggestions: tuple[Suggestion, ...] = ()
    related: tuple[Suggestion, ...] = ()
    passage_id: int | None = None
    question: str = ""
    reason: str = ""
    parts: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: the one rule's verdict, its confidence, and passages, best first.

    `hits` are the ids of passages with their scores, `vocabulary` is that of the evidence.
    `question` is the question as the search understood it, slips corrected.
    """

    verdict: Verdict
    score: float
    hits: tuple[tuple[int, float], ...]
    vocabulary: float
    question: str


class Searchable(Protocol):
    """What questions are put to: a snapshot, or the library that follows the store."""

    def find(self, question: str, *, limit: int, as_of: date, internal: bool) -> Found:
        """Search among the passages that are valid on a day."""
        ...

    def card(self, passage_id: int) -> Card | None:
        """Return what is shown of a passage."""
        ...


def answer(library: Searchable, question: str, *, as_of: date, internal: bool) -> Answer:
    """Answer a text that somebody typed.

    `as_of` is today; a day, year or version named in the question goes before it. `internal`
    admits passages that are meant for bound persons only.
    """
    text = _readable(question)
    if not _WORD.search(text):
        return Answer("decline", EMPTY, reason="empty")
    if boundary := judge(text):
        return Answer("decline", boundary.text, reason=boundary.reason)
    asked = _Asked(library, as_of, internal)
    return asked.several(list(questions(text))) or asked.whole(text)


def show(library: Searchable, passage_id: int, *, as_of: date, internal: bool) -> Answer | None:
    """Return a passage that was chosen from a list, or None when it is not there any more."""
    card = library.card(passage_id)
    if card is None or (card.internal and not internal):
        return None
    return _Asked(library, as_of, internal).given(card, 1.0, (), Moment(as_of, ""))


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question under way: what it is put to, on which day, by whom."""

    library: Searchable
    today: date
    internal: bool

    def several(self, parts: Sequence[str]) -> Answer | None:
        """Answer several questions of one message; None when they are not several after all."""
        if len(parts) < 2:
            return None
        answers = [self.one(part) for part in parts[:PARTS]]
        sure = {a.passage_id: a for a in answers if a.verdict == "answer"}
        if len(sure) < 2:
            return None
        open_ = [p for p, a in zip(parts, answers, strict=False) if a.verdict != "answer"]
        return _joined(list(sure.values()), [*open_, *parts[PARTS:]])

    def whole(self, text: str) -> Answer:
        """Answer a text as one question; a long-winded one by what it comes down to."""
        found = self.one(text)
        if found.verdict == "answer":
            return found
        shorter = [self.one(core) for core in islice(cores(text), CORES)]
        return max([found, *shorter], key=_sureness)

    def one(self, text: str) -> Answer:
        """Answer one question as of the day that it is about."""
        when = moment(text, self.today)
        if when.former:
            when = self.before(when, text)
        found = self.judged(self.search(text, when), when)
        if found.verdict == "answer" or when.day == self.today:
            return found
        return self.undated(when, found)

    def search(self, text: str, when: Moment) -> Found:
        """Search on a day, with and without the words that name it, and take the surer result.

        A passage may hold these words itself ("2014年细则规定…"), or know nothing of them.
        """
        whole = self.find(text, when.day)
        if when.question == text:
            return whole
        return max(whole, self.find(when.question, when.day), key=_sureness)

    def find(self, question: str, day: date) -> Found:
        return self.library.find(question, limit=DEPTH, as_of=day, internal=self.internal)

    def before(self, when: Moment, text: str) -> Moment:
        """Go back to the day before the version that answers today came into force."""
        ordered = self.ordered(self.search(text, when), when)
        starts = (candidate.card.valid_from for candidate in ordered[:SHOWN])
        start = next(filter(None, starts), None)
        return when if start is None else replace(when, day=start - timedelta(days=1))

    def undated(self, when: Moment, dated: Answer) -> Answer:
        """Look at today's rules when those of the named day do not hold an answer.

        A version that was asked for by name is answered if it is the one in force. Otherwise
        today's passage is only offered, because it is not what was asked for.
        """
        today = self.judged(self.find(when.question, self.today), Moment(self.today, ""))
        if today.verdict != "answer" or today.source is None or today.passage_id is None:
            return dated
        if today.source.version == when.edition:
            return today
        if dated.verdict == "suggest":
            return dated
        nearest = Suggestion(today.passage_id, today.question)
        text = f"知识库里没有找到{when.words}适用的内容，现行规定的相近内容："
        return Answer("suggest", text, score=today.score, suggestions=_unique([nearest]))

    def judged(self, found: Found, when: Moment) -> Answer:
        """Turn what was found into an answer, by the one rule of the search."""
        asked = (when.question, found.question)
        ranked = self.ordered(found, when)
        strange = [any(strangers(words, c.card.wording) for words in asked) for c in ranked]
        declined = Answer("decline", NOT_FOUND, score=found.score)
        if found.verdict == "decline" or strange[:1] != [False]:
            return declined
        candidates = [c for c, other in zip(ranked, strange, strict=True) if not other]
        cards = [candidate.card for candidate in candidates]
        if exact := next((c for c in cards if _asks_just_this(c, *asked)), None):
            return self.given(exact, 1.0, [c for c in cards if c is not exact], when)
        if _misses_the_trade(cards[0], *asked) and not _is_asked_alike(found, ranked):
            return declined
        candidates, named = _naming_first(candidates, found.question)
        cards = [candidate.card for candidate in candidates]
        verdict = _verdict(found, candidates[0], ranked)
        if verdict == "decline":
            return declined
        if verdict == "answer" and named and _is_article_meant(cards[0], when.question):
            return self.given(cards[0], found.score, cards[1:], when)
        offers = _unique([_offer(card) for card in cards])
        return Answer("suggest", NEAR, score=found.score, suggestions=offers)

    def ordered(self, found: Found, when: Moment) -> list[Candidate]:
        """Return what was found and may be shown on a day, likeliest first."""
        shown = [
            (card, score)
            for passage_id, score in found.hits
            for card in self.cards([passage_id], when.day)
            if amounts.fits(card.question, when.question)
        ]
        return wordings.ordered(found.question, shown)

    def given(self, card: Card, score: float, others: Sequence[Card], when: Moment) -> Answer:
        """Word the answer that a passage gives."""
        related = [*self.cards(card.related, when.day), *others]
        return Answer(
            "answer",
            _version_line(card, when, self.today) + card.text,
            source=_source(card, self.today),
            score=score,
            related=_unique([_offer(c) for c in related if c.id != card.id], besides=card),
            passage_id=card.id,
            question=card.heading,
        )

    def cards(self, ids: Sequence[int], day: date) -> Iterator[Card]:
        """Yield the cards that may be shown on a day."""
        for passage_id in ids:
            card = self.library.card(passage_id)
            if card is not None and card.valid_on(day) and (self.internal or not card.internal):
                yield card


def _naming_first(candidates: list[Candidate], question: str) -> tuple[list[Candidate], bool]:
    """Put the first that names what the question is about before all; tell if there is one."""
    for place, candidate in enumerate(candidates[:NEXT]):
        if not subjects.lacks(candidate.card.wording, question):
            return [candidate, *candidates[:place], *candidates[place + 1 :]], True
    return candidates, False


def _verdict(found: Found, first: Candidate, ranked: Sequence[Candidate]) -> Verdict:
    """Say what to do with the first candidate; where its wordings do not tell, the search says."""
    if (seen := _seen(found, first, ranked)) is None:
        return found.verdict
    right, known = wordings.right(seen), wordings.known(seen)
    if right < wordings.SURE_FROM and known < wordings.KNOWN_FROM:
        return "decline"
    sure = right >= wordings.ANSWER_FROM and known >= wordings.TOLD_FROM
    return "answer" if sure else "suggest"


def _is_asked_alike(found: Found, ranked: Sequence[Candidate]) -> bool:
    """Tell whether a question that names nothing of the trade is as good as a wording of it."""
    seen = _seen(found, ranked[0], ranked)
    alike = seen is None or wordings.known(seen) >= wordings.ALIKE_FROM
    return alike and found.score >= UNNAMED


def _seen(found: Found, first: Candidate, ranked: Sequence[Candidate]) -> tuple[float, ...] | None:
    """Return what speaks for the first candidate; None for a story, or where wordings are few.

    It has to stand out from what is not shown, too.
    """
    if len(found.question) > subjects.SHORT:
        return None
    others = [candidate for candidate in ranked if candidate is not first]
    elsewhere = likeness(wordings.characters(found.question))
    return wordings.features([first, *others], found.vocabulary, elsewhere)


def _asks_just_this(card: Card, *questions: str) -> bool:
    """Tell whether a question is one of a card's own wordings but for punctuation."""
    own = {_letters(wording) for wording in (card.question, *card.aliases)} - {""}
    return not own.isdisjoint(map(_letters, questions))


def _misses_the_trade(card: Card, *questions: str) -> bool:
    """Tell whether a card answers a question of the trade, and none was asked."""
    return of_the_trade(card.question) and not any(map(of_the_trade, questions))


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text)).casefold()


def _is_article_meant(card: Card, question: str) -> bool:
    """Tell whether a card is of the article that a question names; true if it names none.

    A card that is asked about an article (第十六条的说法对吗) answers for it, wherever it is from.
    """
    named = set(_ARTICLE.findall(to_digits(question)))
    own = set(_ARTICLE.findall(to_digits(card.article)))
    asked = set(_ARTICLE.findall(to_digits(f"{card.question} {' '.join(card.aliases)}")))
    return not named or not own or bool(named & (own | asked))


def _sureness(found: Found | Answer) -> tuple[int, float]:
    return ("decline", "suggest", "answer").index(found.verdict), found.score


def _readable(text: str) -> str:
    """Even out widths and drop what nobody types: NUL, lone surrogates, the far end."""
    plain = text[:READ].encode("utf-8", "ignore").decode().replace("\0", "")
    even = unicodedata.normalize("NFKC", plain).strip()
    return _APART.sub(lambda found: found[0].replace(" ", ""), even)


def _version_line(card: Card, when: Moment, today: date) -> str:
    """Say which version speaks when it is not the one in force today."""
    if card.valid_on(today):
        return ""
    version = f"{card.version}版" if card.version.isdecimal() else card.version
    if card.valid_to is not None and card.valid_to <= today:
        state = f"已于{_chinese(card.valid_to)}起不再适用"
    else:
        state = f"{_chinese(card.valid_from or when.day)}起施行"
    return f"【{'，'.join(part for part in (version, state) if part)}】\n"


def _source(card: Card, today: date) -> Source:
    superseded = card.valid_to is not None and card.valid_to <= today
    remark = "、".join(part for part in (card.remark, "旧版" if superseded else "") if part)
    return Source(card.regulation or card.title, card.article, card.version, remark)


def _offer(card: Card) -> Suggestion:
    if card.question:
        return Suggestion(card.id, card.question)
    return Suggestion(card.id, f"{card.heading} {card.text}"[:HEADING])


def _unique(offers: Sequence[Suggestion], besides: Card | None = None) -> tuple[Suggestion, ...]:
    """Keep the first three that read differently, and differently from the answer's heading."""
    taken = {besides.heading} if besides else set()
    kept: list[Suggestion] = []
    for offer in offers:
        if offer.question not in taken and len(kept) < SHOWN:
            taken.add(offer.question)
            kept.append(offer)
    return tuple(kept)


def _joined(answers: Sequence[Answer], unanswered: Sequence[str]) -> Answer:
    """Put the answers to several questions under one another, each with its source."""
    blocks = [f"{n}. {a.question}\n{a.text}{_cited(a.source)}" for n, a in enumerate(answers, 1)]
    if unanswered:
        blocks.append(f"“{unanswered[0][:HEADING]}”没有找到确切答案，可以单独再问一次。")
    first = answers[0]
    answered = {a.passage_id for a in answers}
    related = [s for a in answers for s in a.related if s.passage_id not in answered]
    return replace(
        first,
        text="\n\n".join(blocks),
        score=min(a.score for a in answers),
        related=_unique(related),
        parts=tuple(answers),
    )


def _cited(source: Source | None) -> str:
    if source is None:
        return ""
    parts = [source.version, source.remark]
    inside = f"（{'，'.join(p for p in parts if p)}）" if any(parts) else ""
    return f"\n依据：{source.regulation}{source.article}{inside}"


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
