"""Tables in a text: rows of cells parted by bars, whose head names a chip for each column."""

from itertools import pairwise

from lockgate.evidence.counts import named
from lockgate.evidence.lexer import Lexed

BAR = "|"


def columns_of_chips(lexed: Lexed) -> dict[int, int]:
    """Token -> token of the chip at the head of its column, for the tokens of every table that has such a head.

    A head is a row that names chips in two or more cells; it holds for the rows right below that have as many cells.
    """
    if BAR not in lexed.codes:
        return {}
    found: dict[int, int] = {}
    head: dict[int, int] = {}
    width = 0
    ends = [-1, *lexed.breaks, len(lexed.codes)]
    for before, end in pairwise(ends):
        cells = _cells(lexed.codes, before + 1, end)
        if len(cells) < 2:
            head = {}
            continue
        chips = {
            column: at
            for column, (first, behind) in enumerate(cells)
            for at in range(first, behind)
            if (thing := named(lexed, at)) is not None and thing.kind == "chip"
        }
        if len(chips) >= 2:
            head, width = chips, len(cells)
        elif head and len(cells) == width:
            for column, (first, behind) in enumerate(cells):
                if column in head:
                    found |= dict.fromkeys(range(first, behind), head[column])
    return found


def _cells(codes: str, first: int, behind: int) -> list[tuple[int, int]]:
    """The cells of a row; bars at its ends part nothing."""
    bars = [at for at in range(first, behind) if codes[at] == BAR]
    if not bars:
        return []
    edges = [first - 1, *bars, behind]
    cells = [(left + 1, right) for left, right in pairwise(edges)]
    if bars[0] == first:
        cells = cells[1:]
    if bars[-1] == behind - 1:
        cells = cells[:-1]
    return cells
