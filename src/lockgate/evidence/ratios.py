"""How one chip compares with another: "1.9x faster … versus the H100", "68% of the H100's throughput", "nearly doubles"."""

from collections.abc import Iterator

from lockgate.evidence.claims import Claim, make_claim
from lockgate.evidence.context import Context
from lockgate.evidence.counts import named
from lockgate.evidence.quantities import Quantity, tidy

MULTIPLES = {"DOUBLE": 2.0, "TRIPLE": 3.0, "HALF": 0.5}


def read_ratios(context: Context) -> Iterator[Claim]:
    """A claim for every ratio between two chips."""
    lexed, grammar = context.lexed, context.grammar
    multiples = {code: value for name, value in MULTIPLES.items() for code in grammar.set_of(name)}
    for token, thing in lexed.payload.items():
        if isinstance(thing, Quantity) and thing.dimension in ("ratio", "percent") and not thing.compound:
            yield from _ratio(context, token, thing.dimension, thing.value, thing.low, thing.high)
    for token, code in enumerate(lexed.codes):
        if code in multiples:
            yield from _ratio(context, token, "multiple", multiples[code], None, None)


def _ratio(
    context: Context, token: int, kind: str, value: float | None, low: float | None, high: float | None
) -> Iterator[Claim]:
    lexed = context.lexed
    first, behind = context.sentence(token)
    other = _comparand(context, token, behind)
    if other is None:
        return
    if kind == "percent":
        factors = _percent(context, token, other, behind)
        if factors is None:
            return
        base, share = factors
        value, low, high = (None if n is None else tidy(base + share * n / 100) for n in (value, low, high))
    elif kind == "ratio" and not context.has(
        min(token, other - 4 if other < token else token),
        min(behind, max(token, other) + 4),
        "COMPARE",
        "PEAK",
        "MORE",
        "BANDWIDTH",
        "AGAINST",
    ):
        return
    subject, subject_id = _subject(context, token, first, other)
    thing = named(lexed, other)
    if thing is None or thing.id == subject_id:
        return
    what = _workload(context, first, behind)
    amount = Quantity("ratio", "x", value, low, high)
    hedge = context.hedge(token, amount)
    if value is None:
        shown: float | str = f"{low:g}-{high:g}"
    else:
        shown = value
        if hedge in ("approx", "over", "under", "up_to"):
            low, high = (
                (value, None) if hedge == "over" else (None, value) if hedge != "approx" else (None, None)
            )
        else:
            low = high = value
    start, end = context.offsets(
        min(token, first) if behind - first < 40 else token,
        max(token, other) + 1 if other < token else max(other + 1, min(behind, other + 6)),
    )
    yield make_claim(
        context.document, (start, end), (f"{subject} vs {thing.name}{what}", f"{subject_id} vs {thing.id}"), "perf.ratio", shown,
        unit="x", low=low, high=high, hedge=hedge, attributed_to=context.source(token), pattern=f"ratio:{kind}",
    )  # fmt: skip


def _percent(context: Context, token: int, other: int, behind: int) -> tuple[float, float] | None:
    """How a percentage becomes a ratio: 68% of, 25% higher than, 30% slower than."""
    if context.has(token + 1, token + 3, "OF"):
        measured = context.has(token, min(behind, other + 4), "PEAK", "COMPARE")
        return (0.0, 1.0) if measured else None
    if context.has(token, other + 1, "LESS"):
        return 1.0, -1.0
    return (1.0, 1.0) if context.has(token, other + 1, "MORE") else None


def _comparand(context: Context, token: int, behind: int) -> int | None:
    """The chip compared with: the first chip behind the ratio."""
    for at in range(token + 1, min(behind, token + 14)):
        thing = named(context.lexed, at)
        if thing is not None and thing.kind == "chip":
            return at
    of = context.grammar.set_of("HANOF")  # H200 是 H20 的六倍
    if token >= 2 and any(context.lexed.codes[at] in of for at in (token - 1, token - 2)):
        for at in range(token - 2, max(token - 5, -1), -1):
            thing = named(context.lexed, at)
            if thing is not None and thing.kind == "chip":
                return at
    return None


def _subject(context: Context, token: int, first: int, other: int) -> tuple[str, str]:
    """The chip that is compared: before the ratio in the sentence, else the topic."""
    best = context.grammar.set_of("MOSTPOWERFUL", "MODIFIER")
    for at in range(token - 1, first - 1, -1):
        thing = named(context.lexed, at)
        if thing is not None and thing.kind == "chip" and at != other and not context.compared(at):
            return context.show_chip(at)
        if thing is not None and thing.kind == "vendor" and context.lexed.codes[at + 1] in best:
            return f"{thing.name} best chip", ""
    return (context.chip.name, context.chip.id) if context.chip else ("", "")


def _workload(context: Context, first: int, behind: int) -> str:
    """What was compared, in the words of the sentence."""
    words = context.grammar.set_of("WORKLOAD")
    lexed = context.lexed
    found = [
        lexed.text[lexed.starts[at] : lexed.ends[at]]
        for at in range(first, behind)
        if lexed.codes[at] in words
    ]
    return " " + " ".join(dict.fromkeys(found)) if found else ""
