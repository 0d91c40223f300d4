"""Numbers with units: numerals, number words, Chinese numerals, magnitudes, ranges, money, vague amounts.

The parser works on the pieces of a text (:mod:`lockgate.evidence.lexicon`), from a piece that can start a number.
"""

import math
import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from lockgate.evidence.lexicon import Lexicon
from lockgate.evidence.pieces import HAN, MARK, NUMBER, Pieces


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount as a text gives it.

    ``low`` and ``high`` bound it where the wording allows; None is open. ``value`` is the number written, None where the
    wording is only vague or gives a range. ``unit`` is that of the table of units.
    """

    dimension: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    hedge: str = "none"
    compound: bool = False  # "8-GPU", "three-month": a modifier, not an amount of its own
    phrase: str = ""  # the words of a vague amount

    def scaled(self, factor: float) -> "Quantity":
        """The same amount in a unit ``1/factor`` the size."""
        if factor == 1:
            return self
        value, low, high = (
            None if number is None else tidy(number * factor) for number in (self.value, self.low, self.high)
        )
        return replace(self, value=value, low=low, high=high)


def tidy(number: float) -> float:
    """A float without the noise of the last bits.

    >>> tidy(4.8 * 1000)
    4800.0
    """
    return float(f"{number:.12g}") if math.isfinite(number) else number


ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "half": 0.5,
}  # fmt: skip
VAGUE = {
    "several": (2, 9),
    "few": (2, 9),
    "couple": (2, 3),
    "dozens": (24, 99),
    "dozen": (12, 12),
    "scores": (40, 99),
    "many": (2, None),
}
SCALES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "hundreds": 1e2, "thousands": 1e3, "millions": 1e6, "billions": 1e9, "trillions": 1e12,
    "mn": 1e6, "mln": 1e6, "bn": 1e9, "bln": 1e9, "tn": 1e12, "trn": 1e12,
    "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8, "千": 1e3, "百": 1e2,
}  # fmt: skip
GLUED_SCALES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
PLURAL_SCALES = {
    "tens": 10,
    "hundreds": 1e2,
    "thousands": 1e3,
    "millions": 1e6,
    "billions": 1e9,
    "trillions": 1e12,
}
HAN_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "兩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
HAN_SCALES = {"十": 10, "廿": 20, "卅": 30, "百": 100, "千": 1000}
HAN_VAGUE = {"数": (2, 9), "數": (2, 9), "几": (2, 9), "幾": (2, 9)}
HAN_LARGE = {"万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}
HAN_HALVES = {("一", "半"), ("半", "数"), ("半", "數")}
BITS = re.compile(r"[TG]b(?:/s|ps)")  # a small b is a bit
GROUPING = str.maketrans("", "", ",’'")  # 1,700 and 1'700
HAN_STARTS = frozenset(HAN_DIGITS) | frozenset(HAN_SCALES) | frozenset(HAN_VAGUE)
CURRENCIES = {
    "$": "usd",
    "us$": "usd",
    "usd": "usd",
    "¥": "cny",
    "rmb": "cny",
    "cny": "cny",
    "€": "eur",
    "£": "gbp",
    "nt$": "twd",
    "hk$": "hkd",
}
UNIT_OF_MONEY = {"usd": "USD", "cny": "CNY", "eur": "EUR", "gbp": "GBP", "twd": "TWD", "hkd": "HKD"}
STARTS = (
    frozenset(ONES)
    | frozenset(VAGUE)
    | frozenset(PLURAL_SCALES)
    | HAN_STARTS
    | frozenset(CURRENCIES)
    | {"a", "us", "nt", "hk", "百", "半"}
)


class _Number(NamedTuple):
    low: float | None
    high: float | None
    value: float | None
    end: int
    scale: float  # the magnitude word behind it, 1 without
    vague: bool
    more: bool = False


def parse_quantity(pieces: Pieces, start: int, lexicon: Lexicon) -> tuple[int, Quantity] | None:
    """The quantity that starts at a piece, with the piece behind it; None where there is none."""
    percent = tuple(pieces.words[start : start + 3]) == ("百", "分", "之")
    if pieces.words[start] == "half" and pieces.words[start + 1 : start + 2] == ["of"]:
        return start + 1, Quantity("percent", "%", 50.0, 50.0, 50.0)
    if tuple(pieces.words[start : start + 2]) in HAN_HALVES:
        return start + 2, Quantity("percent", "%", 50.0, 50.0, 50.0)
    at, money = (start + 3, "") if percent else _currency(pieces, start)
    first = _number(pieces, at)
    if first is None:
        return None
    low, high, value, at = first.low, first.high, first.value, first.end
    more = first.more
    dimension, unit, factor = "", "", 1.0
    short_unit = _unit(pieces, at, lexicon) if not money else None
    second = _second(pieces, short_unit[0] if short_unit else at, bool(money))
    if second is not None and short_unit is not None:
        unit_behind = _unit(pieces, second.end, lexicon)
        if unit_behind is None or unit_behind[1] != short_unit[1]:
            second = None  # "rose 15% to 46.7 billion" is no range
    if second is not None and second.value is not None and value is not None:
        shared = (
            second.scale / first.scale
            if first.scale == 1 and second.scale > 1 and value < second.value / second.scale * 1000
            else 1.0
        )
        start_value = value * shared
        if start_value < second.value:
            low, high, value, at = start_value, second.value, None, second.end
    plus = at < len(pieces.words) and pieces.words[at] == "+" and pieces.glued(at)
    if plus:
        at += 1
        trailing = _scale(pieces, at)
        if trailing:
            factor_plus, at = trailing
            low, high, value = (None if n is None else n * factor_plus for n in (low, high, value))
        more = True
    found = _unit(pieces, at, lexicon)
    if percent:
        return at, Quantity("percent", "%", value, low, high)
    if at < len(pieces.words) and pieces.words[at] == "成" and value is not None and value <= 10:
        return at + 1, Quantity("percent", "%", value * 10, value * 10, value * 10)
    if money:
        dimension, unit = money, UNIT_OF_MONEY[money]
        at = found[0] if found and found[1] == money else at
    elif found:
        at, dimension, unit, factor = found
    quantity = Quantity(
        dimension,
        unit,
        value,
        low,
        None if more else high,
        hedge="over" if more else "approx" if first.vague else "none",
        phrase=pieces.text[pieces.starts[start] : pieces.ends[first.end - 1]]
        if first.vague and value is None
        else "",
    )
    return at, quantity.scaled(factor)


def measured(pieces: Pieces, at: int, lexicon: Lexicon) -> bool:
    """Whether a bare number has a unit of measure behind it, so that it is no year: "2000 TOPS"."""
    unit = _unit(pieces, at + 1, lexicon)
    return unit is not None and unit[1] in (
        "op_per_s",
        "byte",
        "byte_per_s",
        "bit_per_s",
        "power",
        "area",
        "tpp",
    )


def _currency(pieces: Pieces, at: int) -> tuple[int, str]:
    word = pieces.words[at]
    following = pieces.words[at + 1] if at + 1 < len(pieces.words) else ""
    if word in ("us", "nt", "hk", "c", "a", "s") and following == "$" and pieces.glued(at + 1):
        return at + 2, {"us": "usd", "nt": "twd", "hk": "hkd"}.get(word, "usd")
    if word in CURRENCIES and (
        following and (following[0].isdigit() or following in ONES or following in VAGUE)
    ):
        return at + 1, CURRENCIES[word]
    return at, ""


def _scale(pieces: Pieces, at: int) -> tuple[float, int] | None:
    """The magnitudes from a piece on, multiplied: "hundred thousand" is 1e5; "[billion]" as editors supply it."""
    factor, start = 1.0, at
    if (
        pieces.words[at : at + 1] == ["["]
        and pieces.words[at + 2 : at + 3] == ["]"]
        and pieces.words[at + 1] in SCALES
    ):
        return SCALES[pieces.words[at + 1]], at + 3
    while at < len(pieces.words):
        word = pieces.words[at]
        if word in SCALES:
            factor *= SCALES[word]
        elif word in GLUED_SCALES and pieces.glued(at) and at == start and pieces.kinds[at - 1] == NUMBER:
            factor *= GLUED_SCALES[word]
        else:
            break
        at += 1
    return (factor, at) if at > start else None


def _number(pieces: Pieces, at: int) -> _Number | None:
    if at >= len(pieces.words):
        return None
    word = pieces.words[at]
    if pieces.kinds[at] == NUMBER:
        value = float(word.translate(GROUPING))
        at += 1
        more = False
        if at < len(pieces.words) and pieces.words[at] in ("多", "余", "餘"):
            more, at = True, at + 1
        scaled = _scale(pieces, at)
        scale, at = scaled or (1.0, at)
        if at < len(pieces.words) and pieces.words[at] in ("多", "余", "餘"):
            more, at = True, at + 1
        value = tidy(value * scale)
        if scale >= 1e4 and pieces.kinds[at - 1] == HAN and pieces.glued(at) and pieces.kinds[at] == NUMBER:
            value, at = value + float(pieces.words[at].translate(GROUPING)), at + 1  # 2万7000
        return _Number(value, value, value, at, scale, vague=False, more=more)
    if pieces.kinds[at] == HAN:
        return _han_number(pieces, at)
    return _word_number(pieces, at)


def _word_number(pieces: Pieces, at: int) -> _Number | None:
    words, count = pieces.words, len(pieces.words)
    word = words[at]
    if word in PLURAL_SCALES:  # "hundreds of thousands", "tens of thousands of"
        base, at = PLURAL_SCALES[word], at + 1
        while at + 1 < count and words[at] == "of" and words[at + 1] in PLURAL_SCALES:
            base, at = base * PLURAL_SCALES[words[at + 1]], at + 2
        return _Number(2 * base, 10 * base - 1, None, at, base, vague=True)
    article = word in ("a", "half")
    if word == "a":
        at += 1
        if at >= count or not (words[at] in VAGUE or words[at] in SCALES or words[at] in ("half", "quarter")):
            return None
        word = words[at]
    if word in VAGUE:
        low, high = VAGUE[word]
        at += 1
        if at < count and words[at] == "of" and at + 1 < count and words[at + 1] in SCALES:
            at += 1
        scaled = _scale(pieces, at)
        scale, at = scaled or (1.0, at)
        if word == "many" and not scaled:
            return None
        top = None if high is None else tidy((high + 1) * scale - 1) if scaled else float(high)
        return _Number(low * scale, top, None, at, scale, vague=True)
    if word == "half":
        at += 1
        if at < count and words[at] in ("a", "an"):
            at += 1
        scaled = _scale(pieces, at)
        if scaled is None:
            return None
        value = scaled[0] / 2
        return _Number(value, value, value, scaled[1], scaled[0], vague=False)
    if article and word in SCALES:
        scaled = _scale(pieces, at)
        if scaled is None:
            return None
        return _Number(scaled[0], scaled[0], scaled[0], scaled[1], scaled[0], vague=False)
    if word not in ONES:
        return None
    value = float(ONES[word])
    at += 1
    if value >= 20 and at < count and words[at] in ONES and ONES[words[at]] < 10:
        value, at = value + ONES[words[at]], at + 1
    scaled = _scale(pieces, at)
    scale, at = scaled or (1.0, at)
    value *= scale
    return _Number(value, value, value, at, scale, vague=False)


def _han_number(pieces: Pieces, at: int) -> _Number | None:
    words, count = pieces.words, len(pieces.words)
    if words[at] in HAN_VAGUE or (words[at] in ("上",) and at + 1 < count and words[at + 1] in HAN_SCALES):
        low, high = 2.0, 9.0
        at += 1
        base = 1.0
        start = at
        while at < count and (words[at] in HAN_SCALES or words[at] in HAN_LARGE):
            base *= HAN_SCALES.get(words[at]) or HAN_LARGE[words[at]]
            at += 1
        if at == start:
            return None
        return _Number(low * base, (high + 1) * base - 1, None, at, base, vague=True)
    total, section, digit, start, more = 0.0, 0.0, None, at, False
    while at < count and pieces.kinds[at] == HAN:
        word = words[at]
        if word in HAN_DIGITS:
            digit = HAN_DIGITS[word]
        elif word in HAN_SCALES:
            section += (1 if digit is None else digit) * HAN_SCALES[word]
            digit = None
            if word in ("廿", "卅"):
                at += 1
                continue
            digit = None
        elif word in ("多", "余", "餘") and at > start:
            more = True
        elif word in HAN_LARGE and at > start:
            total = (total + section + (digit or 0)) * HAN_LARGE[word]
            section, digit = 0.0, None
        else:
            break
        at += 1
    if at == start:
        return None
    value = total + section + (digit or 0)
    return _Number(value, value, value, at, 1.0, vague=False, more=more)


def _second(pieces: Pieces, at: int, money: bool) -> _Number | None:
    """The second number of a range: ``–``, ``-``, ``to``, ``and`` behind "between"."""
    if at + 1 >= len(pieces.words):
        return None
    word = pieces.words[at]
    if word in ("-", "–", "~", "to", "至", "到", "～") or (word == "and" and _between(pieces, at)):
        following = at + 1
        following, currency = _currency(pieces, following)
        if currency and not money:
            return None
        if following < len(pieces.words) and (pieces.kinds[following] == NUMBER or word in ("to", "and")):
            return _number(pieces, following)
    return None


def _between(pieces: Pieces, at: int) -> bool:
    return "between" in pieces.words[max(0, at - 6) : at]


def _unit(pieces: Pieces, at: int, lexicon: Lexicon) -> tuple[int, str, str, float] | None:
    """The unit at a piece: end, dimension, unit, factor."""
    if at < len(pieces.words) and pieces.kinds[at] == MARK and pieces.words[at] == "-" and pieces.glued(at):
        at += 1
    if at >= len(pieces.words):
        return None
    for unit in lexicon.units.get(pieces.words[at], ()):
        end = at + len(unit.pieces)
        if tuple(pieces.words[at:end]) != unit.pieces:
            continue
        if unit.dimension == "byte_per_s" and BITS.match(pieces.text, pieces.starts[at]):
            return end, "bit_per_s", "Tb/s", unit.factor
        watts = pieces.text[pieces.starts[at] : pieces.ends[at]] == "W"
        if unit.short and not pieces.glued(at) and not watts and pieces.words[at] not in "×%":
            continue
        return end, unit.dimension, unit.unit, unit.factor
    return None
