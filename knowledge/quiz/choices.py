"""The order in which options are shown, and what people type to choose among them."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from db.tables import QuestionKind, QuizQuestion

# What says "the first" and "the second" of 对 and 错.
YES = frozenset({"对", "正确", "是", "√", "✓", "✔", "t", "true", "y", "yes", "right"})
NO = frozenset({"错", "错误", "不对", "否", "不正确", "×", "x", "✗", "✘", "f", "false", "n", "no"})
_POLITE = re.compile(r"(?:我?选择?|我的?答案|答案?)?(?:是|为)?[:\s]*")
_BETWEEN = re.compile(r"[\s,、;./|+&和与]+")
_ENDS = re.compile(r"[\s。.!,;~]+$")
# An option that speaks of the options above it must stay where it is.
_ABOUT_ABOVE = re.compile(r"(?:以|如)上|上述|前述|前面|都(?:对|是|正确|不)|均(?:对|是|正确|不)")
_ABOUT_LETTERS = re.compile(r"(?<![A-Za-z])[A-H](?![A-Za-z])|^[A-H]{2,}$")


def shuffled(question: QuizQuestion, seed: str) -> tuple[int, ...]:
    """Return the order in which the options are shown: the index of the option at each place.

    对 and 错 keep their places, so does 以上都是; where an option speaks of others by letter
    nothing moves.
    """
    options = question.options
    count = len(options)
    if question.kind == QuestionKind.JUDGE or any(_ABOUT_LETTERS.search(o) for o in options):
        return tuple(range(count))
    fixed = {place for place, option in enumerate(options) if _ABOUT_ABOVE.search(option)}
    moving = iter(
        sorted((i for i in range(count) if i not in fixed), key=lambda i: _draw(seed, question, i))
    )
    return tuple(place if place in fixed else next(moving) for place in range(count))


def parse_choice(text: str, count: int) -> tuple[int, ...] | None:
    """Read what somebody typed as the places chosen among `count`, ascending; None if it is none.

    Letters and numbers from 1, one after another or apart, in any width: "ac", "A C", "a，c",
    "1 3", "选B"; for two options also 对 and 错.
    """
    plain = _ENDS.sub("", unicodedata.normalize("NFKC", text[:100]).strip().lower())
    if count == 2 and (word := plain.strip("()")) in YES | NO:
        return (0,) if word in YES else (1,)
    plain = _POLITE.sub("", plain, count=1)
    places: set[int] = set()
    for part in filter(None, _BETWEEN.split(plain.strip("()[]"))):
        found = _places(part, count)
        if found is None:
            return None
        places |= found
    return tuple(sorted(places)) if places and max(places) < count else None


def _places(part: str, count: int) -> set[int] | None:
    """Read "ac" or "13"; with ten options and more a number is one number."""
    if re.fullmatch("[a-z]+", part):
        return {ord(letter) - ord("a") for letter in part}
    if not re.fullmatch("[0-9]{1,26}", part):
        return None
    numbers = [int(part)] if count > 9 else [int(digit) for digit in part]
    return {number - 1 for number in numbers} if min(numbers) > 0 else None


def _draw(seed: str, question: QuizQuestion, place: int) -> bytes:
    name = f"{seed}\n{question.key}\n{place}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=8).digest()
