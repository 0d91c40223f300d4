"""Claims against the record: the chip catalogue, the law, dated acts, reported facts."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from lockgate.evidence.against_catalogue import SPECS, TOLERANCE, announced, maker, peak, same_words, spec
from lockgate.evidence.against_law import (
    agency,
    changed,
    coincidence,
    days_written,
    impossible,
    regime,
    reversed_direction,
    sentence_of,
    threshold_unit,
)
from lockgate.evidence.arithmetic import sums
from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.evidence.findings import Authority, Finding, find, shown
from lockgate.evidence.reconcile import interval
from lockgate.evidence.record import Record


def hold_against(
    claims: Sequence[Claim], documents: Mapping[str, Document], record: Record
) -> Iterator[Finding]:
    """Every finding of a claim against the record."""
    by_attribute: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.polarity:
            by_attribute[claim.attribute].append(claim)
    written = days_written(documents, by_attribute, record)
    # where a text gives a chip to another maker, its figures are of an unknown one of the two
    conflated = {(claim.document, claim.subject_id) for claim in by_attribute["chip.vendor"]}
    for attribute in ("policy.change_date", "policy.effective_date"):
        for claim in by_attribute[attribute]:
            yield from changed(claim, record, sentence_of(claim, documents))
    for claim in by_attribute["event.date"]:
        yield from impossible(claim)
    for attribute in ("policy.actor", "policy.direction", "policy.change_date", "approval.authority"):
        for claim in by_attribute[attribute]:
            yield from agency(claim, record)
    yield from reversed_direction(by_attribute, record, documents)
    yield from sums(by_attribute, documents)
    for attribute, check in CHECKS.items():
        for claim in by_attribute[attribute]:
            if attribute != "chip.peak_tops" or (claim.document, claim.subject_id) not in conflated:
                yield from check(claim, record)
    for attribute in SPECS:
        for claim in by_attribute[attribute]:
            if (claim.document, claim.subject_id) not in conflated:
                yield from spec(claim, record)
    for attribute in FACTS:
        for claim in by_attribute[attribute]:
            yield from fact(claim, record, written)
    yield from regime(by_attribute, written, record)
    yield from coincidence(by_attribute, record)
    shipped = {claim.document for claim in by_attribute["shipment.units"]}
    yield from outcome(
        [claim for claim in by_attribute["approval.status"] if claim.document not in shipped], record
    )


PART = 0.2  # share of a whole under which a figure is taken for that of a part
FACTS = {
    "fee.pct": "vs_authority_value",
    "tariff.pct": "vs_authority_value",
    "charge.usd_bn": "vs_authority_value",
    "threshold.tpp": "vs_authority_value",
    "threshold.dram_gbs": "vs_authority_value",
    "threshold.performance_density": "vs_authority_value",
    "quota.per_customer": "vs_authority_value",
    "quota.total": "vs_authority_value",
    "price.usd": "vs_authority_price",
    "price.cny_m": "vs_authority_price",
    "orders.units": "vs_authority_supply",
    "inventory.units": "vs_authority_supply",
    "person.affiliation": "vs_authority_person",
    "statement.comment": "vs_authority_statement",
}
"""Attributes with facts on record, and the kind of finding where a claim does not fit."""


def fact(claim: Claim, record: Record, written: Mapping[str, date]) -> Iterator[Finding]:
    """A claim against reported facts: it must fit one of them."""
    subject = (
        "us-threshold" if claim.attribute.startswith("threshold.") else claim.subject_id or claim.subject
    )
    known = [row for row in record.about(subject, claim.attribute) if not row.unit or row.unit == claim.unit]
    if not known:
        return
    low, high = interval(claim)
    if claim.attribute.startswith(("threshold.", "quota.")):
        line = claim.high if claim.low is None else claim.low  # "below 21,000" draws the line at 21,000
        if line is None:
            return
        low = high = line
    lines = claim.attribute.startswith("threshold.")
    for row in known:
        if row.words:
            if any(same_words(str(claim.value), word) for word in row.words):
                return
        elif lines:  # a band of the law has two lines, and nothing between them is one
            if any(abs(low - line) <= TOLERANCE * line for line in (row.low, row.high) if line is not None):
                return
        elif (row.low is None or high >= row.low * (1 - TOLERANCE)) and (
            row.high is None or low <= row.high * (1 + TOLERANCE)
        ):
            return
    on = written[claim.document] if written[claim.document] != date.min else None
    if claim.attribute in ("orders.units", "inventory.units", "statement.comment", "quota.per_customer"):
        dated = [row for row in known if row.from_on is not None]
        if on is not None and dated and all(row.from_on is not None and on < row.from_on for row in dated):
            return  # the record speaks of a later day
    if claim.attribute == "statement.comment":
        day = written[claim.document]
        known = [
            row for row in known if row.from_on and row.from_on <= day <= row.from_on + timedelta(days=1)
        ]
        if not known:
            return
    if claim.attribute in ("orders.units", "inventory.units") and high < PART * max(
        row.low or 0.0 for row in known
    ):
        return  # one buyer's order is no version of all orders, a first delivery none of the whole stock
    row = known[0]
    severity = (
        "low"
        if claim.attribute == "statement.comment"
        else "high"
        if claim.attribute.startswith(("threshold", "person"))
        else "medium"
    )
    yield find(
        FACTS[claim.attribute], severity, [claim],  # type: ignore[arg-type]
        f"{claim.subject}: {claim.attribute} is given as {shown(claim)}; on record: {'; '.join(dict.fromkeys(row.text for row in known))}.",
        authority=Authority(row.source, row.text),
    )  # fmt: skip


def first_time(claim: Claim, record: Record) -> Iterator[Finding]:
    """A first entry into China, where others were sold there before."""
    known = record.about("cn-legal-sales", "event.first")
    if known and any(word in str(claim.value).lower() for word in ("entry", "shipment", "sale", "import")):
        yield find(
            "vs_authority_first", "high", [claim],
            f"“{claim.value}”: on record {known[0].text}; an approval is not yet an entry.",
            authority=Authority(known[0].source, known[0].text),
        )  # fmt: skip


def actor(claim: Claim, record: Record) -> Iterator[Finding]:
    """Controls of 2025 and 2026 put down to the administration before."""
    if claim.value == "Biden administration":
        later = [act for act in record.acts if act.government == "US" and min(act.dates) >= date(2025, 1, 21)]
        last = max(later, key=lambda act: max(act.dates), default=None)
        if last is not None:
            yield find(
                "vs_authority_actor", "medium", [claim],
                f"The controls are put down to the Biden administration. Its rules of 2022 to January 2025 made the regime; {len(later)} acts since are its successor's, "
                f"the latest of {max(last.dates)}: {last.title}.",
                authority=Authority(last.source, f"{max(last.dates)}: {last.title}"),
            )  # fmt: skip


def unverifiable(claim: Claim, record: Record) -> Iterator[Finding]:
    """A figure that nothing on record decides; said, not guessed."""
    if claim.attribute == "model.parameters" and (claim.low or 0) < 2e13:
        return
    if claim.attribute == "perf.ratio" and not (claim.attributed_to or "best chip" in claim.subject):
        return
    del record
    yield find(
        "unverifiable", "low", [claim],
        f"{claim.subject}: {claim.attribute} {shown(claim)} has no source that the record knows; it is neither confirmed nor refuted.",
        "the measurement or announcement it is taken from",
    )  # fmt: skip


def outcome(claims: Sequence[Claim], record: Record) -> Iterator[Finding]:
    """An approval is neither an order nor a shipment: what became of it."""
    by_chip: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if str(claim.value).startswith(("approved", "permission")) and not claim.subject.startswith("US->"):
            by_chip[claim.subject_id].append(claim)
    for chip, group in by_chip.items():
        for known in record.about(chip, "approval.outcome")[:1]:
            yield find(
                "vs_authority_outcome", "medium", group,
                f"Approved is not delivered: {known.text} ({'; '.join(known.words)}).",
                authority=Authority(known.source, "; ".join(known.words)),
            )  # fmt: skip


CHECKS: dict[str, Callable[[Claim, Record], Iterator[Finding]]] = {
    "chip.announce_date": announced,
    "chip.vendor": maker,
    "threshold.tops": threshold_unit,
    "chip.peak_tops": peak,
    "event.first": first_time,
    "policy.actor": actor,
    "perf.ratio": unverifiable,
    "model.parameters": unverifiable,
}
