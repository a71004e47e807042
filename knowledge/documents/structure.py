"""How Chinese regulations and official papers number their parts.

第一编, 第一章 and 第一节 head what follows; 第一条 is an article; 一、 and （一） are headings in a
paper and items in a regulation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.documents.numerals import CLASS, LARGEST, from_chinese, to_chinese

# Ranks of headings, from outside in; styles and tags have levels of the same scale.
ANNEX, PART, CHAPTER, SUBCHAPTER, POINT, SUBPOINT = 1, 1, 2, 3, 4, 5
RANKS = {"编": PART, "篇": PART, "章": CHAPTER, "节": SUBCHAPTER}
LONGEST_HEADING = 40
# A heading with the dots that lead to its page number.
LONGEST_LISTED = 200
# So many articles may be missed in a row before those without a gap are not believed any more.
NEARLY = 2

_SPACES = r"[ \u3000]"
_NUMBER = rf"(?P<number>[{CLASS}](?:{_SPACES}?[{CLASS}]){{0,8}})"
_PART = re.compile(
    rf"第{_SPACES}*{_NUMBER}{_SPACES}*(?P<unit>[编篇章节])(?P<gap>{_SPACES}*[:：]?{_SPACES}*)(?P<name>.*)"
)
_ARTICLE = re.compile(
    rf"[【\[（(]?第{_SPACES}*{_NUMBER}{_SPACES}*条(?:{_SPACES}*之{_SPACES}*(?P<sub>[{CLASS}]{{1,4}}))?"
    r"(?P<gap>[】\]）)]?[ \u3000:：.．、]*)(?P<rest>.*)",
    re.DOTALL,
)
# What follows the number where an article is cited: 第十条规定的期限, 第十条第二款, 第三条、第四条.
_CITING = re.compile(
    r"(?:的?规定|所列|所称|所指|所述|中的|、第|[和与及或至到]者?第|第[^条]{1,4}[款项目]|[款项])"
)
_ANNEX = re.compile(
    rf"(?:附件|附录|附表|附){_SPACES}*[{CLASS}]{{0,3}}(?:{_SPACES}*[:：]|{_SPACES}+|$)"
)
_UNNUMBERED = re.compile(rf"(?:[总附]{_SPACES}*则|[序前引]{_SPACES}*言|总{_SPACES}*纲)")
_POINT = re.compile(rf"(?P<number>[{CLASS}]{{1,5}})、(?P<name>.*)", re.DOTALL)
_SUBPOINT = re.compile(rf"[（(](?P<number>[{CLASS}]{{1,5}})[）)](?P<name>.*)", re.DOTALL)
_ENDS_SENTENCE = re.compile(r"[。；;！!？?，,]$")
_CHINESE = re.compile("[一二三四五六七八九十百零〇廿]+")
# "第一章 总则……3", "第一章 总则 3", as lines of a table of contents end.
_PAGE = re.compile(r"(?:[ \u3000]*[.．·…⋯_—-]{2,}[ \u3000]*|[ \u3000]+)[（(]?[0-9]{1,4}[)）]?$")
_ENDS_PAGE = tuple("0123456789)）")
_CONTENTS = re.compile(rf"目{_SPACES}*[录次]")


@dataclass(frozen=True, slots=True)
class Article:
    """The number of an article: 第十二条之一 is (12, 1).

    `apart` tells whether something sets the number apart from the text, `cited` whether the text
    reads like the rest of a citation.
    """

    number: int
    sub: int
    apart: bool
    cited: bool

    @property
    def locator(self) -> str:
        """Return the number in Chinese, however the file writes it."""
        tail = f"之{to_chinese(self.sub)}" if self.sub else ""
        return f"第{to_chinese(self.number)}条{tail}"

    def begins_after(self, before: Article | None) -> bool:
        """Tell whether the line is this article, `before` being the last one, and no mere mention.

        Without anything to set the number apart the article must come next, or nearly so.
        """
        last = (0, 0) if before is None else (before.number, before.sub)
        following = (last[0], last[1] + 1) if self.sub else (last[0] + 1, 0)
        if self.cited:
            return self.apart and (self.number, self.sub) == following
        return self.apart or self.number == 1 or 0 <= self.number - following[0] <= NEARLY


def find_article(line: str) -> Article | None:
    """Return the article that a line begins with, None if it begins with none."""
    found = _ARTICLE.match(line)
    number = _value(found["number"]) if found else None
    if found is None or not number:
        return None
    sub = _value(found["sub"]) if found["sub"] else 0
    rest = found["rest"]
    return Article(
        number,
        sub or 0,
        apart=bool(found["gap"]) or not rest,
        cited=_CITING.match(rest) is not None,
    )


def heading_rank(line: str) -> int | None:
    """Return the rank of a line that heads a part of a regulation, None if it is no such line."""
    if len(line) > LONGEST_HEADING or "\n" in line or _ENDS_SENTENCE.search(line):
        return None
    found = _PART.fullmatch(line)
    if found and _value(found["number"]) is not None:
        named = not found["name"] or bool(found["gap"]) or not _CITING.match(found["name"])
        return RANKS[found["unit"]] if named else None
    if _ANNEX.match(line):
        return ANNEX
    return CHAPTER if _UNNUMBERED.fullmatch(line) else None


def point_rank(line: str) -> int | None:
    """Return the rank of a line that begins with 一、 or （一）, None for any other."""
    for pattern, rank in ((_POINT, POINT), (_SUBPOINT, SUBPOINT)):
        found = pattern.match(line)
        if found and _CHINESE.fullmatch(found["number"]) and _value(found["number"]):
            return rank
    return None


def point_name(line: str) -> str:
    """Return the words of a point that can stand for it: all of a short one, else its first clause.

    Empty if even the first sentence is too long for a heading.
    """
    first = re.split(r"[。；\n]", line, maxsplit=1)[0]
    return first.rstrip("：:") if len(first) <= LONGEST_HEADING else ""


def is_heading_alone(line: str) -> bool:
    """Tell whether a line that begins a point is only its heading."""
    return len(line) <= LONGEST_HEADING and not _ENDS_SENTENCE.search(line) and "\n" not in line


def item_label(line: str) -> str:
    """Return （三） of a line that begins with it, empty for any other."""
    found = _SUBPOINT.match(line)
    number = _value(found["number"]) if found else None
    return f"（{to_chinese(number)}）" if number else ""


def is_contents_title(line: str) -> bool:
    """Tell whether a line says 目录."""
    return _CONTENTS.fullmatch(line) is not None


def without_page(line: str) -> str:
    """Return a line without the page number that a table of contents puts at its end."""
    # The pattern is tried from every place, which a long line of dots would make slow.
    if len(line) > LONGEST_LISTED or line[-1:] not in _ENDS_PAGE:
        return line
    return _PAGE.sub("", line)


def _value(numeral: str) -> int | None:
    """Return the number of a part; a number that no locator can write is plain text."""
    try:
        number = from_chinese(re.sub(_SPACES, "", numeral))
    except ValueError:
        return None
    return number if number <= LARGEST else None
