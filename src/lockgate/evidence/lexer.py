"""From text to tokens: one character a token, with the amounts, dates and named things found on the way."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from lockgate.evidence.dates import STARTS as DATE_STARTS
from lockgate.evidence.dates import DateSpan, parse_date
from lockgate.evidence.lexicon import (
    ADDRESS,
    BREAK,
    GLUE,
    HAN,
    LINE,
    MARK,
    NUMBER,
    PIECE,
    PROPER,
    SAME,
    UNKNOWN,
    WORD,
    Entity,
    Lexicon,
    publisher_of,
)
from lockgate.evidence.quantities import STARTS as NUMBER_STARTS
from lockgate.evidence.quantities import Pieces, Quantity, parse_quantity

Payload = Quantity | DateSpan | Entity
ABBREVIATIONS = frozenset(
    [
        "inc",
        "corp",
        "co",
        "ltd",
        "no",
        "mr",
        "mrs",
        "ms",
        "dr",
        "st",
        "jr",
        "sr",
        "vs",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "gov",
        "sen",
        "rep",
        "gen",
        "fig",
    ]
)
BULLET = re.compile(r"\n[ ]*(?:[-–•*▪●·]|\d{1,2}[.)])[ ]")
WRAPPED_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Lexed:
    """A text in tokens.

    ``codes`` has one character a token; ``starts`` and ``ends`` are offsets in code points, ends exclusive;
    ``payload`` holds what a token stands for; ``breaks`` are the tokens that end a sentence.
    """

    text: str
    codes: str
    starts: list[int]
    ends: list[int]
    payload: dict[int, Payload]
    breaks: list[int]

    def sentence(self, token: int) -> tuple[int, int]:
        """First token of the sentence a token stands in, and the token behind its last."""
        at = bisect_left(self.breaks, token)
        first = self.breaks[at - 1] + 1 if at else 0
        return first, self.breaks[at] if at < len(self.breaks) else len(self.codes)

    def span(self, first: int, behind: int) -> tuple[int, int]:
        """Offsets of some tokens."""
        return self.starts[first], self.ends[behind - 1]


def lex(text: str, lexicon: Lexicon, on: date | None = None) -> Lexed:
    """Cut a text into tokens.

    Args:
        text: The text; offsets of the result are in its code points.
        lexicon: What the grammar knows.
        on: The document's date, for relative dates.
    """
    return _merge(_pieces(text.translate(SAME)), lexicon, on)


def is_wrapped(text: str) -> bool:
    r"""Whether the lines of a text were broken to a width, so that a line break ends nothing.

    >>> is_wrapped("A line that ends here.\nAnd one more.")
    False
    """
    lines = text[:20000].split("\n")
    inner = [line for line, following in pairwise(lines) if line.strip() and following.strip()]
    if any(line.lstrip().startswith("|") for line in inner):
        return False  # the rows of a table
    if len(inner) < 2 or max(map(len, inner)) > WRAPPED_WIDTH:
        return False
    long = [line for line in inner if len(line) > 45]
    return (
        len(long) * 10 >= len(inner) * 7
        and sum(line.rstrip()[-1] not in '.!?:;"' for line in inner) * 10 >= len(inner) * 6
    )


def _pieces(text: str) -> Pieces:
    kinds: list[int] = []
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    wrapped = is_wrapped(text)
    for found in PIECE.finditer(text):
        kind = found.lastindex or MARK
        if kind == GLUE:
            continue
        start, end = found.span()
        if kind == LINE and wrapped and text.count("\n", start, end) == 1 and not BULLET.match(text, start):
            continue
        kinds.append(kind)
        words.append(text[start:end].lower())
        starts.append(start)
        ends.append(end)
    return Pieces(text, kinds, words, starts, ends)


def _merge(pieces: Pieces, lexicon: Lexicon, on: date | None) -> Lexed:
    text, kinds, words, starts, ends = pieces
    codes: list[str] = []
    first: list[int] = []
    last: list[int] = []
    payload: dict[int, Payload] = {}
    breaks: list[int] = []
    single, phrases = lexicon.codes, lexicon.phrases
    count, at = len(words), 0
    special = phrases.keys() | DATE_STARTS | NUMBER_STARTS
    while at < count:
        word, kind = words[at], kinds[at]
        if kind == WORD and word not in special:
            codes.append(single.get(word) or (PROPER if text[starts[at]].isupper() else UNKNOWN))
            first.append(starts[at])
            last.append(ends[at])
            at += 1
            continue
        behind, code = at + 1, ""
        thing: Payload | None = None
        if word in phrases:
            entry = _phrase(pieces, at, lexicon)
            if entry is not None:
                behind, code, thing = entry
        if not code:
            if kind == NUMBER or word in DATE_STARTS:
                dated = parse_date(pieces, at, on)
                if dated is not None:
                    behind, thing = dated
                    code = lexicon.kind_code("#date")
            if not code and (kind == NUMBER or word in NUMBER_STARTS):
                counted = parse_quantity(pieces, at, lexicon)
                if counted is not None and counted[0] > at:
                    behind, thing = counted[0], counted[1]
                    code = lexicon.kind_code("#" + (counted[1].dimension or "number"))
        if not code:
            if kind == LINE:
                code = BREAK
            elif kind == MARK:
                code = _mark(pieces, at)
            elif kind == ADDRESS:
                code = lexicon.kind_code("@address")
                thing = publisher_of(word.split("/")[2].partition(":")[0], lexicon.domains)
            else:
                code = single.get(word) or (PROPER if text[starts[at]].isupper() else UNKNOWN)
        if code == UNKNOWN and kind == HAN and codes and codes[-1] == UNKNOWN and last[-1] == starts[at]:
            last[-1] = ends[at]  # a run of unknown characters is one token
            at = behind
            continue
        if thing is not None:
            payload[len(codes)] = thing
        if code == BREAK:
            breaks.append(len(codes))
        codes.append(code)
        first.append(starts[at])
        last.append(ends[behind - 1])
        at = behind
    return Lexed(text, "".join(codes), first, last, payload, breaks)


def _phrase(pieces: Pieces, at: int, lexicon: Lexicon) -> tuple[int, str, Entity | None] | None:
    """The longest phrase that starts at a piece."""
    words, starts, ends = pieces.words, pieces.starts, pieces.ends
    group = lexicon.phrases[words[at]]
    following = words[at + 1] if at + 1 < len(words) else ""
    for entry in (*group.get(following, ()), *group.get("", ())) if following in group else group.get("", ()):
        size = len(entry.pieces)
        if size > 2 and tuple(words[at : at + size]) != entry.pieces:
            continue
        if size > 1 and any(
            glue and starts[at + i] != ends[at + i - 1] for i, glue in enumerate(entry.glued)
        ):
            continue
        if entry.proper:
            shown = pieces.text[starts[at] : ends[at + size - 1]]
            if not (shown.isupper() if entry.proper == 2 else shown[0].isupper()):
                continue
        return at + size, entry.code, entry.entity
    return None


def _mark(pieces: Pieces, at: int) -> str:
    """A mark as itself; one that ends a sentence as a break."""
    mark = pieces.words[at]
    if mark in "!?！？;；":
        return BREAK if mark not in ";；" else ";"
    if mark != ".":
        return mark
    before = pieces.words[at - 1] if at else ""
    behind = pieces.text[pieces.ends[at] : pieces.ends[at] + 1]
    if pieces.kinds[at - 1 : at] == [HAN] or not behind:
        return BREAK
    if before in ABBREVIATIONS or (
        len(before) == 1
        and before.isalpha()
        and pieces.text[pieces.starts[at - 1]].isupper()
        and not pieces.glued(at - 1)  # "910C." is no initial
    ):
        return "."
    following = pieces.text[pieces.ends[at] : pieces.ends[at] + 4].lstrip(" \"')]\n")
    if behind in " \n\"')]" or pieces.kinds[at + 1 : at + 2] == [HAN]:
        return BREAK if not following or not following[0].islower() else "."
    return "."
