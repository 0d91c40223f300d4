"""From text to tokens: one character a token, with the amounts, dates and named things found on the way."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date

from lockgate.evidence.dates import STARTS as DATE_STARTS
from lockgate.evidence.dates import DateSpan, parse_date
from lockgate.evidence.lexicon import BREAK, PROPER, UNKNOWN, Entity, Entry, Lexicon, publisher_of
from lockgate.evidence.pieces import ADDRESS, HAN, LINE, MARK, NUMBER, WORD, Pieces, cut, one_form
from lockgate.evidence.quantities import STARTS as NUMBER_STARTS
from lockgate.evidence.quantities import Quantity, measured, parse_quantity

Payload = Quantity | DateSpan | Entity
STARTS = DATE_STARTS | NUMBER_STARTS
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
        "approx",
        "est",
        "fig",
    ]
)


SENTENCE_MAX = 500  # tokens


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
    return _merge(cut(one_form(text)), lexicon, on)


def _merge(pieces: Pieces, lexicon: Lexicon, on: date | None) -> Lexed:
    """Tokens from pieces. Most pieces are words that begin nothing: those are copied run by run."""
    text, kinds, words, starts, ends = pieces
    single = lexicon.codes
    plain = [
        single.get(word) or (PROPER if text[start].isupper() else UNKNOWN)
        for word, start in zip(words, starts, strict=True)
    ]
    codes: list[str] = []
    first: list[int] = []
    last: list[int] = []
    payload: dict[int, Payload] = {}
    breaks: list[int] = []
    at = 0
    for index in [*_beginnings(pieces, lexicon), len(words)]:
        if index < at:
            continue  # inside what began before
        codes += plain[at:index]
        first += starts[at:index]
        last += ends[at:index]
        at = index
        if at == len(words):
            break
        behind, code, thing = _begun(pieces, at, lexicon, on)
        code = code or plain[at]
        if code == UNKNOWN and kinds[at] == HAN and codes and codes[-1] == UNKNOWN and last[-1] == starts[at]:
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
    return Lexed(text, "".join(codes), first, last, payload, _bounded(breaks, len(codes)))


def _bounded(breaks: list[int], size: int) -> list[int]:
    """The ends of sentences, with one put into each that is too long to be a sentence: what reads one looks back to its start."""
    found: list[int] = []
    start = 0
    for end in (*breaks, size):
        if end - start > SENTENCE_MAX:
            found += range(start + SENTENCE_MAX, end, SENTENCE_MAX)
        found.append(end)
        start = end
    return found[:-1]


def _beginnings(pieces: Pieces, lexicon: Lexicon) -> list[int]:
    """The pieces that may begin a phrase, a date or an amount, and those that are no words."""
    words, heads = pieces.words, lexicon.phrases
    none: dict[str, list[Entry]] = {}
    return [
        at
        for at, (kind, word, following) in enumerate(zip(pieces.kinds, words, [*words[1:], ""], strict=False))
        if kind != WORD
        or word in STARTS
        or (word in heads and (following in (group := heads.get(word, none)) or "" in group))
    ]


def _begun(pieces: Pieces, at: int, lexicon: Lexicon, on: date | None) -> tuple[int, str, Payload | None]:
    """What begins at a piece: the piece behind it, its character (none for a plain word), what it stands for."""
    word, kind = pieces.words[at], pieces.kinds[at]
    if word in lexicon.phrases:
        entry = _phrase(pieces, at, lexicon)
        if entry is not None:
            return entry
    if kind == NUMBER or word in DATE_STARTS:
        dated = parse_date(pieces, at, on)
        if dated is not None and not (dated[0] == at + 1 and measured(pieces, at, lexicon)):
            return dated[0], lexicon.kind_code("#date"), dated[1]
    if kind == NUMBER or word in NUMBER_STARTS:
        counted = parse_quantity(pieces, at, lexicon)
        if counted is not None and counted[0] > at:
            return counted[0], lexicon.kind_code("#" + (counted[1].dimension or "number")), counted[1]
    if kind == LINE:
        return at + 1, BREAK, None
    if kind == MARK:
        return at + 1, _mark(pieces, at), None
    if kind == ADDRESS:
        host = word.split("/")[2].partition(":")[0]
        return at + 1, lexicon.kind_code("@address"), publisher_of(host, lexicon.domains)
    return at + 1, "", None


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
