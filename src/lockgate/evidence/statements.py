"""Claims that are not numbers: every shape of words in the pattern table, tried over the whole document."""

import re
from collections.abc import Iterator
from datetime import date

from lockgate.evidence.claims import Claim, make_claim
from lockgate.evidence.context import Context
from lockgate.evidence.counts import named
from lockgate.evidence.dates import DateSpan, months_before
from lockgate.evidence.grammar import Pattern
from lockgate.evidence.lexicon import Entity
from lockgate.evidence.quantities import Quantity

SILENT_DENIED = (
    "approval.conditions",
    "policy.effective_date",
    "policy.change_date",
    "chip.",
    "event.",
    "recipient",
)
"""Attributes of which a denial says nothing that could be checked."""


def read_statements(context: Context) -> Iterator[Claim]:
    """Every claim that a pattern makes."""
    codes = context.lexed.codes
    taken: dict[str, list[tuple[int, int]]] = {}
    present = frozenset(codes)
    for pattern in context.grammar.patterns:
        if any(must.isdisjoint(present) for must in pattern.musts):
            continue
        spans = taken.setdefault(pattern.row.attribute, [])
        fresh = []
        for found in pattern.regex.finditer(codes):
            if pattern.unless is not None and pattern.unless.search(codes, found.start(), found.end()):
                continue
            if (pattern.needs or pattern.avoid) and not _meets(context, pattern, found.start()):
                continue
            if any(found.start() < behind and first < found.end() for first, behind in spans):
                continue
            claims = list(_claims(context, pattern, found))
            if claims:
                fresh.append(found.span())
            yield from claims
        spans.extend(fresh)


def _meets(context: Context, pattern: Pattern, token: int) -> bool:
    first, behind = context.sentence(token)
    codes = context.lexed.codes[first:behind]
    return pattern.avoid.isdisjoint(codes) and all(not need.isdisjoint(codes) for need in pattern.needs)


def read_impossible_days(context: Context) -> Iterator[Claim]:
    """A claim for every day that no calendar has, so that it can be shown."""
    for token, thing in context.lexed.payload.items():
        if isinstance(thing, DateSpan) and thing.impossible:
            yield make_claim(
                context.document, context.offsets(token, token + 1), ("day", ""), "event.date", thing.impossible,
                unit="date", attributed_to=context.source(token), pattern="impossible-date",
            )  # fmt: skip


def read_makers(context: Context) -> Iterator[Claim]:
    """The maker a text gives a chip, where the record gives it another: "Cambricon S5000", "AMD's H200", "the H20 made by Intel"."""
    lexed, made_by = context.lexed, context.grammar.set_of("MADEBY")
    for token in context.chips:
        chip = named(lexed, token)
        at, owned = token - 1, False
        maker = named(lexed, at) if token else None
        if maker is not None and maker.kind == "vendor":
            owned = context.possessive(at) and not _merchant(maker)
        else:
            at = token + 1 + (lexed.codes[token + 1 : token + 2] == ",")
            if at >= len(lexed.codes) or lexed.codes[at] not in made_by:
                continue
            at += 1
            maker = named(lexed, at)
        if chip is None or maker is None or maker.kind != "vendor" or maker.id == chip.belongs_to or owned:
            continue
        if not context.designs(maker) and at > token:
            continue  # a foundry does make it
        shown = lexed.text[lexed.starts[token] : lexed.ends[token]]
        yield make_claim(
            context.document, context.offsets(min(at, token), max(at, token) + 1), (shown, chip.id), "chip.vendor", maker.name,
            attributed_to=context.source(token), value_id=maker.id, pattern="maker-before-chip" if at < token else "made-by",
        )  # fmt: skip


def _merchant(maker: Entity) -> bool:
    """Whether a firm sells chips of its own and buys no others: "Google's H100s" are those it bought, "AMD's H200" is a slip."""
    return maker.id in ("nvidia", "amd", "intel") or maker.belongs_to == "CN"


def read_posts(context: Context) -> Iterator[Claim]:
    """The firm or agency a text gives a person, where the record gives them another: "AMD CEO Jensen Huang"."""
    codes, titles = context.lexed.codes, context.grammar.set_of("TITLE")
    for token in context.lexed.payload:
        person = named(context.lexed, token)
        if person is None or person.kind != "person" or not person.belongs_to:
            continue
        at = token - 1
        while at > max(0, token - 5) and codes[at] in titles:
            at -= 1
        post = named(context.lexed, at) if at >= 0 else None
        of_firm = post is not None and post.kind == "vendor" and at < token - 1
        of_state = post is not None and post.name.startswith("US ") and at == token - 1
        if post is None or not (of_firm or of_state) or post.id == person.belongs_to:
            continue
        yield make_claim(
            context.document, context.offsets(at, token + 1), (person.name, person.id), "person.affiliation", post.name,
            attributed_to=context.source(token), value_id=post.id, pattern="post-before-person",
        )  # fmt: skip


def _claims(context: Context, pattern: Pattern, found: re.Match[str]) -> Iterator[Claim]:
    row = pattern.row
    if row.value == "{each}":
        for token in _listed(context, *found.span("list")):
            thing = named(context.lexed, token)
            name = (
                thing.name
                if thing
                else context.document.text[context.lexed.starts[token] : context.lexed.ends[token]]
            )
            claim = _claim(context, pattern, found, name, thing.id if thing else "")
            if claim is not None:
                yield claim
        return
    dated = row.value == "{date}"
    value, low, high = (row.value, None, None) if not dated else _dated(context, found)
    if value:
        claim = _claim(
            context, pattern, found, value if dated else _fill(context, row.value, found), "", low, high
        )
        if claim is not None:
            yield claim


def _listed(context: Context, first: int, behind: int) -> Iterator[int]:
    kinds = ("buyer", "vendor", "group")
    listed = [
        token
        for token in range(first, behind)
        if (thing := named(context.lexed, token)) is not None and thing.kind in kinds
    ]
    groups = [
        token
        for token in listed
        if (thing := named(context.lexed, token)) is not None and thing.kind == "group"
    ]
    if len(groups) == len(listed):
        # "internet companies" alone says nothing; a list of groups does
        yield from listed if len(listed) > 1 else ()
    else:
        yield from (token for token in listed if token not in groups)


def _claim(
    context: Context,
    pattern: Pattern,
    found: re.Match[str],
    value: str,
    value_id: str,
    low: float | None = None,
    high: float | None = None,
) -> Claim | None:
    """The claim of a match; None where its chip is not known, or a denial says nothing."""
    row = pattern.row
    first, behind = found.span(row.span) if row.span else found.span()
    start, end = context.offsets(first, behind)
    about = _subject(context, row.subject, found)
    if about is None:
        return None
    subject, subject_id = about
    denied = (
        row.polarity
        and context.has(max(context.sentence(first)[0], first - 1), found.end(), "NEG")
        and not row.attribute.startswith(("statement", "recipient.disclosure", "approval.queue"))
    )
    if denied and row.attribute.startswith(SILENT_DENIED):
        return None
    return make_claim(
        context.document, (start, end), (subject, subject_id), row.attribute, f"not {value}" if denied else value,
        polarity=not denied, low=low, high=high, unit="date" if row.value == "{date}" else "",
        hedge=row.hedge or _hedge(context, first, found.end()), attributed_to=context.source(first), value_id=value_id,
        pattern=row.id,
    )  # fmt: skip


def _hedge(context: Context, token: int, end: int) -> str:
    first, behind = context.sentence(token)
    if context.has(first, end, "MAY"):
        return "may"
    return "reported" if context.has(first, behind, "REPORTED", "ACCORDING", "ANON", "LIKELY") else "none"


def _fill(context: Context, template: str, found: re.Match[str]) -> str:
    """A value template with the named parts of the match: a thing by its name, other words as they stand."""
    if "{" not in template:
        return template
    parts: dict[str, str] = {}
    for name, part in found.groupdict().items():
        if part is not None:
            parts[name] = _shown(context, *found.span(name))
            start, end = context.offsets(*found.span(name))
            parts[name + "_text"] = context.document.text[start:end]
    return " ".join(template.format_map(_Parts(parts)).split())


class _Parts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _shown(context: Context, first: int, behind: int) -> str:
    if behind - first == 1:
        thing = context.lexed.payload.get(first)
        if isinstance(thing, Entity):
            return thing.name
        if isinstance(thing, DateSpan):
            return thing.iso
        if isinstance(thing, Quantity) and thing.value is not None:
            return f"{thing.value:g} {thing.unit}".strip()
    start, end = context.offsets(first, behind)
    return context.document.text[start:end].strip(" \n\"'“”")


def _subject(context: Context, template: str, found: re.Match[str]) -> tuple[str, str] | None:
    """The subject of a claim: a named kind of subject or a template of parts; None where its chip is not known."""
    parts = found.groupdict()
    if "{chip}" in template and parts.get("chip") is not None:
        chip, chip_id = context.show_chip(found.start("chip"))
    elif "{nearchip}" in template:
        chip, chip_id = _near(context, template, found)
    else:
        chip, chip_id = (context.chip.name, context.chip.id) if context.chip else ("", "")
    if not chip and "chip}" in template.replace("topic", "chip"):
        if template in ("{chip}", "{nearchip}", "{topic}"):
            return None
        chip = "AI chip"
    filled = (
        template.replace("{chip}", chip)
        .replace("{nearchip}", chip)
        .replace("{topic}", chip)
        .replace("{event}", context.event)
    )
    about_chip = any(name in template for name in ("{chip}", "{nearchip}", "{topic}"))
    return " ".join(_fill(context, filled, found).split()), chip_id if about_chip else ""


def _near(context: Context, template: str, found: re.Match[str]) -> tuple[str, str]:
    """The chip near a match; of a gate that is closed to "advanced AI chips", no chip by name."""
    first, behind = context.sentence(found.start())
    chip, chip_id = context.chip_near(
        found.start(), named_only=True, affair="{event}" in template or "import" in template
    )
    end = min(behind, found.end() + 4)
    at_large = context.has(found.start(), end, "CHIPSATLARGE", "MOSTPOWERFUL")
    if "->" not in template or (context.chips_in(first, behind) and not at_large):
        return chip, chip_id
    named_behind = context.chips_in(found.start(), min(behind, end + 6))
    if named_behind:
        return context.show_chip(named_behind[0])  # "its best chips, such as the H100"
    if at_large or not context.importable(chip_id, found.start(), found.end()):
        return "AI chip", ""
    return chip, chip_id


def _dated(context: Context, found: re.Match[str]) -> tuple[str, float | None, float | None]:
    """The date a match names, as ISO text and ordinals of its first and last day."""
    at = found.start("date")
    thing = context.lexed.payload.get(at)
    on = context.document.date
    if isinstance(thing, DateSpan):
        low, high = thing.low, thing.high
        return thing.shown, _ordinal(low), _ordinal(high)
    if (
        isinstance(thing, Quantity)
        and thing.dimension in ("month", "day")
        and thing.value is not None
        and on is not None
    ):
        span = DateSpan(*months_before(on, thing.value if thing.dimension == "month" else thing.value / 30))
        return f"about {span.iso}", _ordinal(span.low), _ordinal(span.high)
    return "", None, None


def _ordinal(day: date | None) -> float | None:
    return None if day is None else float(day.toordinal())
