"""One redactor for everything that is written where people's numbers must not stand."""

from __future__ import annotations

import re

# The longer pattern first: an identity number holds what looks like a phone number.
PATTERNS = (
    (re.compile(r"(?<!\d)\d{6,10}:[A-Za-z0-9_-]{30,}"), "[token]"),
    (re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])"), "[identity]"),
    (re.compile(r"(?<![0-9A-Za-z])\d{15}(?![0-9A-Za-z])"), "[identity]"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)"), "[phone]"),
)
# Sums of money, as they are typed: ¥512.30, 1,200元, 3万元, 五百多块, 5k元, 500RMB, 一千二.
_SUM = r"\d(?:[\d,，]*\d)?(?:[.．]\d+)?"
_NUMERAL = "零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟廿卅"
_COUNT = rf"[{_NUMERAL}]+"
# A count that is hardly a way of speaking, as 一块 and 三块 are.
_LARGE = rf"[{_NUMERAL}]*[十百千万拾佰仟廿卅][{_NUMERAL}]*"
_ABOUT = r"\s*(?:[百千万亿]+|[kKwW])?\s*[多余来]?"
_CURRENCY = "人民币|RMB|CNY|[¥￥]"
_END = r"(?=[\s，。；、！？,;!?）)]|$)"
AMOUNTS = (
    re.compile(
        rf"(?:{_CURRENCY}|\$)\s*[:：]?\s*(?:{_SUM}{_ABOUT}|{_COUNT}(?<=..))(?:元|圆|块)?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:{_SUM}{_ABOUT}|(?<!第){_COUNT}[多余来]?)"
        rf"\s*(?:元(?![旦月素首化论里])|圆|块钱|[美欧港日]元|港币|{_CURRENCY})[钱整]?"
        rf"(?:\s*(?:\d+|{_COUNT})[角分毛])*",
        re.IGNORECASE,
    ),
    re.compile(rf"(?:{_SUM}{_ABOUT}|{_LARGE}[多余来]?)(?:角|块)[\d{_NUMERAL}]?{_END}"),
    re.compile(
        rf"(?:{_SUM}\s*[百千万亿]+[多余]?|[一二两三四五六七八九][百千万][一二三四五六七八九]){_END}"
    ),
)
# A bare number behind 党费, 应交, 金额, 工资, unless it counts something else.
_COUNTED = r"年月日号人名次项个条份天岁点季周期笔批户本页张"
DUES = re.compile(
    rf"([费纳交缴额款资薪][^\d\n，。；,;第{_NUMERAL}]{{0,3}})(?:"
    rf"{_SUM}(?![\d.．,，]*\s*[\d{_COUNTED}:：%％/-])"
    rf"|{_LARGE}(?!\s*[{_NUMERAL}{_COUNTED}]))"
)
FULL_WIDTH = {ord("０") + d: ord("0") + d for d in range(10)} | {ord("Ｘ"): "X", ord("ｘ"): "x"}


def redact(text: str) -> str:
    """Replace identity numbers, mobile phone numbers and bot tokens by their kind.

    Full-width digits are read as digits. The text is otherwise unchanged.
    """
    plain = text.translate(FULL_WIDTH)
    # Without a hit the text is returned as it was, full-width digits and all.
    found = any(pattern.search(plain) for pattern, _ in PATTERNS)
    if not found:
        return text
    for pattern, kind in PATTERNS:
        plain = pattern.sub(kind, plain)
    return plain


def for_people(text: str) -> str:
    """Leave numbers and sums out of words that somebody typed and that a messenger carries on."""
    words = re.sub(r"\[(?:identity|phone|token)\]", "（号码略）", redact(text))
    for amount in AMOUNTS:
        words = amount.sub("（金额略）", words)
    return DUES.sub(r"\1（金额略）", words)
