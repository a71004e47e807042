"""Whether a typed text that begins with a command's word is a command, an answer or a question."""

from __future__ import annotations

import re

from handlers.router import Route

# A longer text that follows a command word in a dialog is an answer.
ARGUMENT_LENGTH = 24
SENTENCE = re.compile("[，。；！？,;!?\n]")
ASKING = re.compile(
    "[吗呢？?谁哪]|怎么|怎样|如何|多久|多少|多长|什么|为何|能否|可否|是否|是不是|能不能|可不可以|要不要"
    "|几(?:[年天个次月人名岁条步种级日号]|周年)"
)
ASKED = re.compile(r"[吗呢？?]\s*\Z")
# A number, one with its counter (3题, 30分钟), a time of day.
NUMBER = re.compile(r"\d+(?:道?题|道|分钟|[:：]\d\d)?(?!\S)")


def is_explicit(text: str, route: Route, rest: str) -> bool:
    """Tell whether a text typed in a dialog is a command, and not an answer that begins with one.

    It is one with a slash, as a bare word, or with an argument set apart from the word that is
    too short for a sentence.
    """
    if text.startswith("/") or text in route.words:
        return True
    if _is_joined(text, route, rest) and not rest.isdecimal():
        return False
    return len(rest) <= ARGUMENT_LENGTH and not SENTENCE.search(rest)


def is_question(text: str, route: Route, rest: str, *, allowed: bool) -> bool:
    """Tell whether a text that a command would take is a question: 党员3个月没交党费怎么办.

    The bare word of a subject is one from whoever may not use the command. An argument is no
    argument if it asks something, or if words follow a number without a space; where a command
    takes a number first, what follows that number is a reason and may ask; so may prose.
    """
    if text.startswith("/"):
        return False
    if not rest:
        return route.subject and not allowed
    if route.prose:
        return ASKED.search(rest) is not None
    numbered = NUMBER.match(rest) is not None
    if _is_joined(text, route, rest):
        return not numbered
    return not (numbered and route.is_numbered) and ASKING.search(rest) is not None


def _is_joined(text: str, route: Route, rest: str) -> bool:
    """Tell whether nothing stands between the command's word and what follows it."""
    return any(text.startswith(word + rest) for word in route.words)
