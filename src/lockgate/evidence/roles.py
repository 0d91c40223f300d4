"""What an amount is: each takes the role whose cues stand nearest to it, and becomes a claim."""

from collections.abc import Iterator

from lockgate.evidence.claims import Claim, make_claim
from lockgate.evidence.context import Context
from lockgate.evidence.grammar import Role
from lockgate.evidence.lexicon import PROPER
from lockgate.evidence.quantities import Quantity, tidy
from lockgate.evidence.surroundings import CLAUSE_MARKS

WINDOW = 30
REACH = 7.0  # tokens at which a cue counts half
TAIL = 2.0  # weight of the noun right behind
SEGMENT_NEAR = 7  # tokens within which a segment is that of an amount
LOST_NEAR = 6  # tokens within which a loss is that of an amount
NEAR = 15  # tokens within which a chip is that of an amount of money
AVOID = 14  # tokens within which a word forbids a role
FAINT = 0.3  # score of a cue alone under which it counts for nothing
BESIDE = 6  # tokens within which a word is beside an amount
BEHIND = 9  # tokens behind an amount within which a role can require a word
CHIPS_MAX = 50_000_000  # more is no number of chips


def read_amounts(context: Context) -> Iterator[Claim]:
    """A claim for every amount that has a role."""
    for token, thing in context.lexed.payload.items():
        if isinstance(thing, Quantity) and thing.dimension and not thing.compound:
            role = role_of(context, token, thing)
            if (
                role is not None
                and role.row.attribute == "fee.pct"
                and context.has(token - 1, token, "PREVIOUS")
            ):
                continue  # "up from the previous 15%" is of another chip or time than the sentence
            if role is not None and role.row.attribute:
                subject = subject_of(context, token, role.row.subject)
                if subject is not None:
                    yield claim_of(context, token, thing, role, subject)


def role_of(context: Context, token: int, amount: Quantity) -> Role | None:
    """The role with the best score above zero.

    A cue counts its weight, halved every ``REACH`` tokens; a mark between cue and amount counts as several tokens.
    """
    roles = context.grammar.roles.get(amount.dimension)
    if not roles:
        return None
    codes = context.lexed.codes
    first, behind = context.sentence(token)
    inside = set(codes[first:behind])
    close = set(codes[max(first, token - AVOID) : min(behind, token + AVOID)])
    number = next((bound for bound in (amount.value, amount.low, amount.high) if bound is not None), 0.0)
    cues = context.grammar.cues[amount.dimension]
    cell = context.cells.get(token)
    if cell is not None:
        inside = close = {code for part in (cell.own, cell.head, cell.row) for code in codes[slice(*part)]}
        near = dict.fromkeys(inside & cues, 0.0)
    else:
        near = _nearest(codes, token, first, behind, cues, context.grammar.set_of("TIE"))
    following = codes[token + 1 : token + 2]
    best_role, best_score = None, 0.0
    for role in roles:
        row = role.row
        if (row.low_min is not None and number < row.low_min) or (
            row.high_max is not None and number > row.high_max
        ):
            continue
        if number > CHIPS_MAX and "chips" in row.dimension:
            continue  # "spending billions on chips" counts money
        if row.event and context.event == "production":
            continue  # no gate is about the output of a Chinese firm
        if any(not need & inside for need in role.needs) or not role.avoid.isdisjoint(close):
            continue
        if role.beside and not role.beside.isdisjoint(codes[max(first, token - BESIDE) : token + BESIDE]):
            continue
        if role.before and codes[token - 1 : token] in role.before and token > first:
            continue
        if role.behind and role.behind.isdisjoint(codes[token + 1 : min(behind, token + BEHIND)]):
            continue
        cue = max(
            (
                role.cues[code] / (1 + distance / REACH)
                for code, distance in near.items()
                if code in role.cues
            ),
            default=0.0,
        )
        if following and following in role.tail:
            cue = max(cue, TAIL)
        if not row.base and 0 < cue < FAINT:
            continue  # a cue at the other end of a long sentence says little
        base = row.base if not row.event or row.event == context.event else 0.0
        if base + cue > best_score:
            best_role, best_score = role, base + cue
    return best_role


def _nearest(
    codes: str, token: int, first: int, behind: int, cues: frozenset[str], ties: frozenset[str]
) -> dict[str, float]:
    """The cues around an amount, each at its smallest distance; what hangs on it by "in" or "of" stands right beside it."""
    near: dict[str, float] = {}
    tied = codes[token + 1 : token + 2] in ties if token + 1 < behind else False
    for step, stop in ((-1, max(first - 1, token - WINDOW)), (1, min(behind, token + WINDOW))):
        barrier = 0.0
        for at in range(token + step, stop, step):
            code = codes[at]
            if code in CLAUSE_MARKS:
                barrier += 3
            elif code in cues:
                distance = 0.0 if tied and step == 1 and at <= token + 3 else abs(at - token) - 1 + barrier
                if distance < near.get(code, WINDOW * 9.0):
                    near[code] = distance
    return near


def claim_of(context: Context, token: int, amount: Quantity, role: Role, subject: tuple[str, str]) -> Claim:
    """The claim that an amount makes in a role."""
    row = role.row
    shown = amount.scaled(1 / row.per) if row.per != 1 else amount
    hedge = context.hedge(token, amount)
    value, low, high = bounds(shown, hedge)
    first = context.sentence(token)[0]
    return make_claim(
        context.document,
        context.offsets(*context.clause(token)),
        subject,
        row.attribute,
        value,
        polarity=token in context.cells or not context.has(max(first, token - 8), token, "NEG"),
        unit=row.unit or amount.unit,
        low=low,
        high=high,
        hedge=hedge,
        attributed_to=context.source(token),
        valid=context.time_of(token),
        pattern=f"role:{row.attribute}",
    )


def _of_a_stranger(context: Context, token: int, behind: int) -> bool:
    """Whether what an amount is a part of belongs to a firm that no table has: "10% of Acme's revenue"."""
    return any(
        context.lexed.codes[at] == PROPER and context.possessive(at)
        for at in range(token + 1, min(behind, token + BEHIND))
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


def subject_of(context: Context, token: int, template: str) -> tuple[str, str] | None:
    """A subject template filled in, and the id of the chip in it; None where the text does not tell which chip is meant.

    ``{chip}`` is the chip meant, ``{own_chip}`` one that the sentence names or points back to, ``{maker}`` the maker nearest
    before, ``{one_maker}`` the one alone that the clause names, ``{event}`` what the document is about, ``{place}`` China where the sentence names it, ``{country}`` the country named before, ``{actor}`` whose models,
    ``{package}`` the module or server that a price is of, ``{object}`` what stands behind "of" or "for", ``{segment}`` the part of a firm, ``{lost}`` says
    that money was not earned, ``{approved}`` that the amount is a share of what was approved.
    """
    first, behind = context.sentence(token)
    parts = dict.fromkeys(
        (
            "chip",
            "own_chip",
            "maker",
            "place",
            "actor",
            "package",
            "object",
            "lost",
            "approved",
            "country",
            "segment",
            "one_maker",
        ),
        "",
    )
    chip_id = ""
    if "chip}" in template or "{object}" in template:
        chip, chip_id = context.chip_near(token, counted=template != "{chip}", affair="{event}" in template)
        if "{own_chip}" in template and not _named_near(context, token, first, behind):
            pointed = context.has(first, first + 1, "ITSELF") or context.has(
                max(first, token - 5), token, "ITSELF"
            )
            chip, chip_id = context.meant(first) if pointed else ("", "")
        if not chip and template == "{own_chip} tariff":
            chip = (
                "chip"
                if context.has(token, min(behind, token + BEHIND), "CHIPNOUN", "CHIPSATLARGE")
                else context.meant(first)[0]
            )
            if not chip:
                return None
        if not chip and "{chip}" in template:
            if context.chip is not None or template == "{chip}":
                return None  # several chips, and no word says which
            chip = "AI chip"
        if "{event}" in template and not context.importable(chip_id, first, first):
            return None  # no gate is about a Chinese chip
        parts["chip"] = parts["own_chip"] = chip
    if "{one_maker}" in template:
        parts["one_maker"] = context.one_maker(token)
        if not parts["one_maker"]:
            return None
    if "{maker}" in template:
        if context.has(token, behind, "RESPECTIVELY"):
            return None  # which of two firms has which of two amounts
        if "revenue" in template and (
            context.earner_is_state(token) or _of_a_stranger(context, token, behind)
        ):
            return None
        if context.has(max(first, token - NEAR), token, "GENERICFIRM") and context.nearest(
            token, "GENERICFIRM"
        ) < context.nearest(token, "@vendor"):
            return None  # "local vendors' revenue" is no named firm's
        maker = context.maker_near(token)
        named_in = parts["chip"]
        belongs = context.grammar.lexicon.families[chip_id].belongs_to if chip_id else ""
        if maker is not None and chip_id and belongs != maker.id:
            parts["chip"] = parts["own_chip"] = named_in = ""
            chip_id = ""
        parts["maker"] = "" if maker is None or named_in.startswith(maker.name) else maker.name
        if not parts["maker"] and not named_in:
            return None
    if "{place}" in template and not parts["own_chip"] and _in_china(context, token, first, behind):
        parts["place"] = "China"
    if "{country}" in template:
        parts["country"] = context.country_before(token)
    if "{actor}" in template and context.has(first, behind, "CNADJ"):
        parts["actor"] = "Chinese"
    if "{lost}" in template and context.nearest(token, "LOST") < LOST_NEAR:
        parts["lost"] = "lost"
    if "{segment}" in template and not parts["own_chip"]:
        parts["segment"] = context.word_near(token, "SEGMENT", SEGMENT_NEAR) or context.word_near(
            token, "@architecture", NEAR
        )
    if "{package}" in template and context.nearest(token, "PER_MODULE") < context.nearest(token, "EACH"):
        parts["package"] = "module"
        chip_id += "/module"
    if "{object}" in template:
        parts["object"] = _object(context, token) or parts["chip"]
        parts["approved"] = (
            "approved volume /"
            if context.event != "production"
            and context.has(first, behind, "#chips", "APPROVE", "PERMIT", "ALLOT")
            else ""
        )
        if not parts["object"]:
            return None
    if "sales" in template and context.has(max(first, token - 6), token, "DEMANDED"):
        return f"{parts['chip']} sales to China (demanded)", ""
    return (
        (filled, chip_id)
        if (filled := " ".join(template.format(event=context.event, **parts).split()))
        else None
    )


def _named_near(context: Context, token: int, first: int, behind: int) -> bool:
    """Whether a chip is named near an amount in its clause."""
    return any(
        token - NEAR <= at <= token + NEAR
        and CLAUSE_MARKS.isdisjoint(context.lexed.codes[min(at, token) + 1 : max(at, token)])
        for at in context.chips_in(first, behind)
    )


def _in_china(context: Context, token: int, first: int, behind: int) -> bool:
    """Whether China stands before an amount in its sentence, or behind it in its clause."""
    codes = context.lexed.codes
    end = next((at for at in range(token + 1, behind) if codes[at] in CLAUSE_MARKS), behind)
    return context.has(first, end, "@country.CN")


def _object(context: Context, token: int) -> str:
    """The words behind "of" or "for": "20% of Nvidia's projected production capacity"."""
    lexed = context.lexed
    behind = context.sentence(token)[1]
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
