"""What an amount is: each takes the role whose cues stand nearest to it, and becomes a claim."""

from collections.abc import Iterator

from lockgate.evidence.claims import Claim, identify
from lockgate.evidence.context import CLAUSE_MARKS, Context
from lockgate.evidence.grammar import Role
from lockgate.evidence.lexicon import BREAK
from lockgate.evidence.quantities import Quantity, tidy

WINDOW = 30
REACH = 7.0  # tokens at which a cue counts half


def read_amounts(context: Context) -> Iterator[Claim]:
    """A claim for every amount that has a role."""
    for token, thing in context.lexed.payload.items():
        if isinstance(thing, Quantity) and thing.dimension and not thing.compound:
            role = role_of(context, token, thing)
            if role is not None and role.row.attribute:
                yield claim_of(context, token, thing, role)


def role_of(context: Context, token: int, amount: Quantity) -> Role | None:
    """The role with the best score above zero.

    A cue counts its weight, halved every ``REACH`` tokens; a mark between cue and amount counts as several tokens.
    """
    roles = context.grammar.roles.get(amount.dimension)
    if not roles:
        return None
    codes = context.lexed.codes
    first, behind = context.lexed.sentence(token)
    inside = set(codes[first:behind])
    scores: list[tuple[float, int, Role]] = []
    number = (
        amount.value
        if amount.value is not None
        else amount.low
        if amount.low is not None
        else amount.high or 0.0
    )
    reach = list(_distances(codes, token, first, behind, context.grammar.set_of("TIE")))
    for rank, role in enumerate(roles):
        row = role.row
        if (row.low_min is not None and number < row.low_min) or (
            row.high_max is not None and number > row.high_max
        ):
            continue
        if any(not need & inside for need in role.needs) or role.avoid & inside:
            continue
        best = 0.0
        for code, distance in reach:
            weight = role.cues.get(code)
            if weight is not None:
                best = max(best, weight / (1 + distance / REACH))
        if row.base + best > 0:
            scores.append((row.base + best, -rank, role))
    return max(scores, key=lambda score: score[:2])[2] if scores else None


def _distances(
    codes: str, token: int, first: int, behind: int, ties: frozenset[str]
) -> Iterator[tuple[str, float]]:
    """Every token around an amount with its distance; what hangs on it by "in" or "of" stands right beside it."""
    for step, stop in ((-1, max(first - 1, token - WINDOW)), (1, min(behind, token + WINDOW))):
        barrier = 0.0
        for at in range(token + step, stop, step):
            code = codes[at]
            if code == BREAK:
                break
            if code in CLAUSE_MARKS:
                barrier += 3
            near = step == 1 and at <= token + 3 and codes[token + 1] in ties
            yield code, 0.0 if near else abs(at - token) - 1 + barrier


def claim_of(context: Context, token: int, amount: Quantity, role: Role) -> Claim:
    """The claim that an amount makes in a role."""
    row = role.row
    shown = amount.scaled(1 / row.per) if row.per != 1 else amount
    hedge = context.hedge(token, amount)
    value, low, high = bounds(shown, hedge)
    subject, subject_id = subject_of(context, token, row.subject)
    first, behind = context.clause(token)
    start, end = context.offsets(first, behind)
    return identify(
        Claim(
            id="",
            document=context.document.id,
            quote=context.document.text[start:end],
            char_start=start,
            char_end=end,
            subject=subject,
            attribute=row.attribute,
            value=value,
            unit=row.unit or amount.unit,
            low=low,
            high=high,
            hedge=hedge,
            polarity=not context.has(max(context.lexed.sentence(token)[0], token - 8), token, "NEG"),
            attributed_to=context.source(token),
            subject_id=subject_id,
            pattern=f"role:{row.attribute}",
        )
    )


def bounds(amount: Quantity, hedge: str) -> tuple[float | str, float | None, float | None]:
    """Value, low and high of a hedged amount."""
    if amount.value is None:
        if amount.phrase:
            return amount.phrase, amount.low, amount.high
        return f"{amount.low:.12g}-{amount.high:.12g}", amount.low, amount.high
    value = tidy(amount.value)
    if hedge == "over":
        return value, value, None
    if hedge in ("under", "up_to"):
        return (f"<{value:.12g}" if hedge == "under" else value), None, value
    if hedge == "approx":
        return value, None, None
    return value, value, value


def subject_of(context: Context, token: int, template: str) -> tuple[str, str]:
    """A subject template filled in, and the id of the chip in it.

    ``{chip}`` is the chip meant, ``{own_chip}`` one that the sentence names, ``{maker}`` the maker nearest before,
    ``{event}`` what the document is about, ``{place}`` China where the sentence names it, ``{actor}`` whose models,
    ``{package}`` the module or server that a price is of, ``{object}`` what stands behind "of" or "for".
    """
    lexed = context.lexed
    first, behind = lexed.sentence(token)
    parts = dict.fromkeys(("chip", "own_chip", "maker", "place", "actor", "package", "object"), "")
    chip_id = ""
    if "chip}" in template or "{object}" in template:
        chip, chip_id = context.chip_near(token, counted=template != "{chip}")
        if "{own_chip}" in template and not context.has(first, behind, "@chip"):
            chip, chip_id = "", ""
        parts["chip"] = parts["own_chip"] = chip
    if "{maker}" in template:
        maker = context.maker_near(token)
        named_in = parts["chip"]
        belongs = context.grammar.lexicon.families[chip_id].belongs_to if chip_id else ""
        if maker is not None and chip_id and belongs != maker.id:
            parts["chip"] = parts["own_chip"] = named_in = ""
            chip_id = ""
        parts["maker"] = "" if maker is None or named_in.startswith(maker.name) else maker.name
    if "{place}" in template and not parts["own_chip"] and context.has(first, behind, "@country.CN"):
        parts["place"] = "China"
    if "{actor}" in template and context.has(first, behind, "CNADJ"):
        parts["actor"] = "Chinese"
    if "{package}" in template and context.nearest(token, "PER_MODULE") < context.nearest(token, "EACH"):
        parts["package"] = "module"
        chip_id += "/module"
    if "{object}" in template:
        parts["object"] = _object(context, token) or parts["chip"]
    if "sales" in template and context.has(max(first, token - 6), token, "DEMANDED"):
        return f"{parts['chip']} sales to China (demanded)", ""
    return " ".join(template.format(event=context.event, **parts).split()), chip_id


def _object(context: Context, token: int) -> str:
    """The words behind "of" or "for": "20% of Nvidia's projected production capacity"."""
    lexed = context.lexed
    behind = lexed.sentence(token)[1]
    ties = context.grammar.set_of("OF", "FOR")
    for at in range(token + 1, min(behind, token + 4)):
        if lexed.codes[at] in ties:
            end = at + 1
            while end < behind and end < at + 9 and lexed.codes[end] not in CLAUSE_MARKS:
                end += 1
            return (
                lexed.text[lexed.starts[at + 1] : lexed.ends[end - 1]].replace("'s", "").strip(" .")
                if end > at + 1
                else ""
            )
    return ""
