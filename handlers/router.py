"""The table of commands: word, help, the action it needs, and the handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from rapidfuzz import fuzz, process

from db.access import Action, Actor, decide
from handlers.context import Context
from handlers.reply import Reply
from knowledge.search.pinyin import Syllables, codes_of

Replies = Reply | Sequence[Reply]
Handler = Callable[[Context], Awaitable[Replies]]
Cancelled = Callable[[Context], Awaitable[None]]
# Reads an uploaded file outside the transaction: name and bytes in, a plain value out.
Prepare = Callable[[str, bytes], Any]

SLASH = re.compile(r"/([A-Za-z][A-Za-z0-9_]*)(?:@\S+)?(?:\s+(.*))?\Z", re.DOTALL)
SPACE = " \t\n\u3000"
# Below this likeness two command words are not a slip of each other.
SLIP = 60


@dataclass(frozen=True, slots=True)
class Route:
    """One command. `usage` shows what may follow the word; without it nothing may.

    `private` commands answer in the person's own chat only. A `hidden` one is reached by
    buttons and links and is not listed. The word of a `subject` names what people ask about,
    too: from whoever may not use the command it is a question. What follows the word of `prose`
    is in the writer's own words: it is a question only if it ends as one.
    """

    name: str
    words: tuple[str, ...]
    help: str
    needs: Action
    handler: Handler
    usage: str = ""
    private: bool = False
    hidden: bool = False
    subject: bool = False
    prose: bool = False

    @property
    def is_numbered(self) -> bool:
        """Whether a number comes first in what follows the word."""
        return self.usage.partition(" ")[0].endswith("编号")


@dataclass(frozen=True, slots=True)
class Step:
    """A place in a dialog; what is typed there goes to the handler, and what is sent, if asked.

    `words` belong to the step even where they are commands elsewhere. `cancelled` is called where
    somebody gives up here, to remove what is kept for the dialog. A `file` names the route that a
    file without a caption goes to here. At a `brief` step a word, a letter or a day is expected:
    a command of any length is one there.
    """

    name: str
    needs: Action
    handler: Handler
    takes_files: bool = False
    words: tuple[str, ...] = ()
    cancelled: Cancelled | None = None
    file: str = ""
    brief: bool = False


@dataclass(frozen=True, slots=True)
class FileRoute:
    """What is done with an uploaded file, if its sender has the right."""

    name: str
    help: str
    needs: Action
    suffixes: tuple[str, ...]
    words: tuple[str, ...]
    prepare: Prepare
    handler: Handler


class Router:
    """All routes of the conversation. Registering one name or word twice is an error."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.steps: dict[str, Step] = {}
        self.files: list[FileRoute] = []
        self._words: dict[str, Route] = {}

    def command(
        self,
        name: str,
        *words: str,
        help: str,
        needs: Action,
        usage: str = "",
        private: bool = False,
        hidden: bool = False,
        subject: bool = False,
        prose: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a handler under a slash name and its Chinese words."""

        def register(handler: Handler) -> Handler:
            self._add(
                Route(name, words, help, needs, handler, usage, private, hidden, subject, prose)
            )
            return handler

        return register

    def step(
        self,
        name: str,
        *,
        needs: Action,
        takes_files: bool = False,
        words: tuple[str, ...] = (),
        cancelled: Cancelled | None = None,
        file: str = "",
        brief: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register what a dialog does with the text typed, or the file sent, at one step."""

        def register(handler: Handler) -> Handler:
            if name in self.steps:
                raise ValueError(f"step {name} is there twice")
            self.steps[name] = Step(
                name, needs, handler, takes_files, words, cancelled, file, brief
            )
            return handler

        return register

    def file(
        self,
        name: str,
        *,
        help: str,
        needs: Action,
        suffixes: tuple[str, ...],
        words: tuple[str, ...],
        prepare: Prepare,
    ) -> Callable[[Handler], Handler]:
        """Register what is done with an uploaded file."""

        def register(handler: Handler) -> Handler:
            self.files.append(FileRoute(name, help, needs, suffixes, words, prepare, handler))
            return handler

        return register

    def include(self, other: Router) -> None:
        """Take over everything of another router."""
        for route in other.routes.values():
            self._add(route)
        for step in other.steps.values():
            self.step(
                step.name,
                needs=step.needs,
                takes_files=step.takes_files,
                words=step.words,
                cancelled=step.cancelled,
                file=step.file,
                brief=step.brief,
            )(step.handler)
        self.files.extend(other.files)

    def find(self, text: str) -> tuple[Route, str] | None:
        """Return the route that a text calls and what follows its word, if it calls one."""
        if slash := SLASH.match(text):
            route = self.routes.get(slash[1].lower())
            return (route, (slash[2] or "").strip(SPACE)) if route else None
        if text in self._words:
            return self._words[text], ""
        for word in sorted(self._words, key=len, reverse=True):
            route = self._words[word]
            if route.usage and text.startswith(word) and _separate(text[len(word)]):
                return route, text[len(word) :].strip(SPACE + "：:")
        return None

    def find_file(
        self, actor: Actor, name: str, caption: str, step: Step | None = None
    ) -> list[FileRoute]:
        """Return what this person may have done with a file, the one named in its caption first.

        Files that two routes take are told apart by the caption, or by the step of the open
        dialog; with neither, all are returned.
        """
        suffix = "." + name.rpartition(".")[2].lower()
        fitting = [f for f in self.files if suffix in f.suffixes and decide(actor, f.needs).allowed]
        named = [f for f in fitting if any(word in caption for word in f.words)]
        meant = [f for f in fitting if step is not None and f.name == step.file]
        return named or meant or fitting

    def listed(self, actor: Actor) -> Iterator[Route]:
        """Yield the commands that this person may use, in the order of registration."""
        for route in self.routes.values():
            if not route.hidden and decide(actor, route.needs).allowed:
                yield route

    def near(self, text: str, actor: Actor) -> Route | None:
        """Return the command whose word a short text probably meant."""
        words = {word: route for route in self.listed(actor) for word in (*route.words, route.name)}
        sound = _sound(text)
        for word, route in words.items():
            if _sound(word) == sound:
                return route
        found = process.extractOne(
            text.lstrip("/"), words.keys(), scorer=fuzz.ratio, score_cutoff=SLIP
        )
        return words[found[0]] if found else None

    def _add(self, route: Route) -> None:
        taken = [word for word in route.words if word in self._words]
        if route.name in self.routes or taken:
            raise ValueError(f"command {route.name} {taken} is there twice")
        self.routes[route.name] = route
        self._words.update(dict.fromkeys(route.words, route))


@cache
def _syllables() -> Syllables:
    return Syllables()


def _sound(text: str) -> tuple[int, ...]:
    """Return how a text is read, without tones: a slip of the input method sounds alike."""
    return tuple(_syllables()(codes_of(text)).tolist())


def _separate(character: str) -> bool:
    return character in SPACE or character in "：:" or character.isdecimal()
