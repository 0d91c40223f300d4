"""Tables in a text: rows of cells parted by bars. A cell is read with the head of its column and the first cell of its row."""

from dataclasses import dataclass
from itertools import pairwise

from lockgate.evidence.counts import named
from lockgate.evidence.lexer import Lexed

BAR = "|"


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a token of a table stands: its own cell, the head of its column, the first cell of its row, as token ranges.

    ``chip`` is the token of the chip that the head of the column names, None where it names none.
    """

    own: tuple[int, int]
    head: tuple[int, int]
    row: tuple[int, int]
    chip: int | None


def read_tables(lexed: Lexed) -> dict[int, Cell]:
    """Token -> its cell, for every table: a run of rows with as many cells, of which the first is the head.

    A later row that names chips in two or more cells is a new head.
    """
    if BAR not in lexed.codes:
        return {}
    found: dict[int, Cell] = {}
    head: list[tuple[int, int]] = []
    ends = [-1, *lexed.breaks, len(lexed.codes)]
    for before, end in pairwise(ends):
        cells = _cells(lexed.codes, before + 1, end)
        if len(cells) < 2:
            head = []
            continue
        if len(head) != len(cells) or (len(_chips(lexed, cells)) > 1 and not _chips(lexed, head)):
            head = cells
            continue
        chips = _chips(lexed, head)
        for column, (first, behind) in enumerate(cells):
            cell = Cell((first, behind), head[column], cells[0], chips.get(column))
            found |= dict.fromkeys(range(first, behind), cell)
    return found


def _chips(lexed: Lexed, cells: list[tuple[int, int]]) -> dict[int, int]:
    """Column -> the token in its cell that names a chip."""
    return {
        column: at
        for column, (first, behind) in enumerate(cells)
        for at in range(first, behind)
        if (thing := named(lexed, at)) is not None and thing.kind == "chip"
    }


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
