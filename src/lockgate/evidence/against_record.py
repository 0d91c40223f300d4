"""Claims against the record: the chip catalogue, the law, dated acts, reported facts."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.evidence.findings import Authority, Finding, find, shown
from lockgate.evidence.reconcile import interval
from lockgate.evidence.record import Record

TOLERANCE = 0.04  # rounding in print: 4.8 for 4.89, 3.35 for 3.3
ACT_NEAR_DAYS = 45
RULE_NEAR_DAYS = (
    62  # "effective" speaks of the rule itself, so a date further off is still a wrong date of it
)
RULE_2026 = date(2026, 1, 15)
NOW = re.compile(r"\b(?:current|currently|existing|still|now)\b|现行|目前", re.IGNORECASE)
TPP_NAMED = re.compile(r"\bTPP\b|total processing performance|总处理性能|總處理性能", re.IGNORECASE)
SPARSE = 2.0  # a maker prints the rate with structured sparsity as twice the dense one


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


SPECS = (
    "chip.memory_gb", "chip.memory_bandwidth_tbs", "chip.memory_type", "chip.process_nm", "chip.power_w",
    "chip.die_area_mm2", "chip.transistors_bn", "chip.architecture", "chip.tpp",
)  # fmt: skip
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


def announced(claim: Claim, record: Record) -> Iterator[Finding]:
    """An announcement date against the one on record, or against the release, which cannot come first."""
    if claim.low is None or claim.high is None:
        return
    chip = record.chips.get(claim.subject_id)
    said = record.about(claim.subject_id, "chip.announce_date")
    for known in said:
        if (
            known.low is not None
            and known.high is not None
            and claim.low <= known.high + 31
            and known.low - 31 <= claim.high
        ):
            return
    if (
        chip
        and chip.released
        and claim.low <= chip.released[1].toordinal() + 31
        and claim.high >= chip.released[0].toordinal() - 31
    ):
        return  # the text may mean the release
    if said and said[0].low is not None:
        day = date.fromordinal(int(said[0].low))
        distance = abs(claim.low - said[0].low) / 30.4
        yield find(
            "vs_authority_date", "high", [claim],
            f"{claim.subject} is said to be announced {claim.value}; on record it was {said[0].text}, about {distance:.0f} months apart.",
            authority=Authority(said[0].source, day.isoformat()),
        )  # fmt: skip
    elif chip and chip.released and claim.low > chip.released[1].toordinal() + 62:
        yield find(
            "vs_authority_date", "high", [claim],
            f"{claim.subject} is said to be announced {claim.value}, after it was released ({chip.released[0]}): impossible.",
            authority=Authority(chip.released_source, chip.released[0].isoformat()),
        )  # fmt: skip


def changed(claim: Claim, record: Record) -> Iterator[Finding]:
    """The date of an act of policy against the acts on record."""
    if claim.low is None or claim.high is None:
        return
    acts = [
        act for act in record.acts if act.government == ("CN" if claim.subject.startswith("China") else "US")
    ]
    if claim.attribute == "policy.effective_date":
        acts = [replace(act, dates=act.effective) for act in acts if act.effective]
    near = [
        (min(abs(day.toordinal() - middle) for middle in (claim.low, claim.high) for day in act.dates), act)
        for act in acts
    ]
    slack = 31 if str(claim.value).startswith("about") else 0
    if not near or any(
        claim.low - slack <= day.toordinal() <= claim.high + slack for act in acts for day in act.dates
    ):
        return
    distance, act = min(near, key=lambda pair: pair[0])
    days = ", ".join(day.isoformat() for day in act.dates)
    if distance <= (RULE_NEAR_DAYS if claim.attribute == "policy.effective_date" else ACT_NEAR_DAYS):
        yield find(
            "vs_authority_date", "low" if distance < 10 else "medium", [claim],
            f"{claim.subject} is dated {claim.value}; the nearest act on record ({act.title}) is of {days}, {distance:.0f} days off.",
            authority=Authority(act.source, days),
        )  # fmt: skip


def maker(claim: Claim, record: Record) -> Iterator[Finding]:
    """A chip given to a maker that does not make it: two things run together."""
    chip = record.chips.get(claim.subject_id)
    if chip is not None:
        source = next(
            (known.values[0][1] for known in (*chip.known.values(), *chip.peaks.values())), "catalogue"
        )
        yield find(
            "vs_authority_vendor", "high", [claim],
            f"{claim.subject} is given to {claim.value}; on record it is {chip.name}, made by {chip.maker}. Two products are run together.",
            authority=Authority(source, chip.maker),
        )  # fmt: skip


def threshold_unit(claim: Claim, record: Record) -> Iterator[Finding]:
    """A threshold in TOPS: the law counts total processing performance."""
    known = record.about("us-threshold", "threshold.tpp")
    law = next(
        (fact for fact in known if fact.low == claim.high or fact.low == claim.low),
        known[0] if known else None,
    )
    if law is not None:
        yield find(
            "vs_authority_unit", "high", [claim],
            f"The threshold is given as {shown(claim)}. The rule counts total processing performance, which is operations per second in tera times bit length, "
            f"and has no unit of TOPS ({law.text}).",
            authority=Authority(law.source, law.text),
        )  # fmt: skip


def peak(claim: Claim, record: Record) -> Iterator[Finding]:
    """A peak rate against every rate on record, dense and sparse."""
    chip = record.chips.get(claim.subject_id)
    if chip is None or not chip.peaks or not isinstance(claim.value, float):
        return
    value = claim.value
    wide = [name for name in ("int8", "fp8") if name in chip.peaks]
    fits = [
        name for name, known in chip.peaks.items()
        if any(known.fits(value / factor, value / factor, TOLERANCE) or (len(known.values) > 2 and known.spans(value / factor, TOLERANCE)) for factor in (1.0, SPARSE))
    ]  # fmt: skip
    formats = {"TOPS": ("int8", "fp8", "fp4", "int4", "fp6")}.get(claim.unit, tuple(chip.peaks))
    rates = "; ".join(
        f"{name} {known.values[0][0]:,.6g}"
        for name, known in chip.peaks.items()
        if name in ("int8", "fp8", "bf16", "fp16")
    )
    source = (chip.peaks[wide[0]] if wide else next(iter(chip.peaks.values()))).values[0][1]
    if not fits:
        yield find(
            "vs_authority_value", "high", [claim],
            f"{claim.subject} is said to have {shown(claim)}; no rate on record is that, dense or sparse ({rates}; TPP {chip.tpp:,.0f})." if chip.tpp else f"{claim.subject} is said to have {shown(claim)}; on record: {rates}.",
            authority=Authority(source, rates),
        )  # fmt: skip
    elif not any(name in formats for name in fits) and wide:
        yield find(
            "vs_authority_spec", "medium", [claim],
            f"{claim.subject} is said to have {shown(claim)}: that is its {'/'.join(fits)} rate, not its rate in TOPS ({rates}). The precision is missing.",
            authority=Authority(source, rates),
        )  # fmt: skip


def spec(claim: Claim, record: Record) -> Iterator[Finding]:
    """A property of a chip against the datasheets; of Chinese chips at large against all of them."""
    chip = record.chips.get(claim.subject_id)
    if chip is None:
        if claim.subject == "Chinese domestic chips" and isinstance(claim.value, float):
            yield from domestic(claim, record)
        return
    known = chip.known.get(claim.attribute)
    if known is None:
        return
    if isinstance(claim.value, str) and claim.low is None and claim.high is None:
        names = [str(value) for value, _ in known.values]
        if any(same_words(claim.value, name) for name in names) or (
            claim.value.upper() == "HBM" and any("HBM" in name.upper() for name in names)
        ):
            return
        if claim.attribute == "chip.architecture" and not any(
            name[:3].isalpha() and "not" not in name for name in names
        ):
            return
        yield find(
            "vs_authority_spec", "medium", [claim],
            f"{claim.subject}: {claim.attribute} is given as {claim.value}; on record: {', '.join(dict.fromkeys(names))}.",
            authority=Authority(known.values[0][1], names[0]),
        )  # fmt: skip
        return
    low, high = interval(claim)
    if known.fits(low, high, TOLERANCE):
        return
    nearest = known.nearest(claim.value if isinstance(claim.value, float) else high)
    if nearest is None:
        return
    numbers = ", ".join(
        dict.fromkeys(f"{value:,.6g}" for value, _ in known.values if not isinstance(value, str))
    )
    yield find(
        "vs_authority_spec", "medium", [claim],
        f"{claim.subject}: {claim.attribute} is given as {shown(claim)}; on record {numbers} {claim.unit}.",
        authority=Authority(nearest[1], f"{nearest[0]:,.6g} {claim.unit}"),
    )  # fmt: skip


def domestic(claim: Claim, record: Record) -> Iterator[Finding]:
    """A figure for Chinese chips at large that no Chinese chip on record has."""
    assert_value = float(claim.value)
    found = [
        (chip, known) for chip in record.chips.values()
        if chip.maker_country == "CN" and (known := chip.known.get(claim.attribute)) is not None
    ]  # fmt: skip
    if not found or any(known.fits(assert_value, assert_value, TOLERANCE) for _, known in found):
        return
    top_chip, top = max(
        found, key=lambda pair: max(float(value) for value, _ in pair[1].values if not isinstance(value, str))
    )
    best, source = max((float(value), source) for value, source in top.values if not isinstance(value, str))
    yield find(
        "vs_authority_spec", "low", [claim],
        f"Chinese chips are given {shown(claim)}; of {len(found)} on record none has that. The highest is {top_chip.name} with {best:,.6g} {claim.unit}.",
        "which chip is meant", Authority(source, f"{top_chip.name}: {best:,.6g} {claim.unit}"),
    )  # fmt: skip


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
    for row in known:
        if row.words:
            if any(same_words(str(claim.value), word) for word in row.words):
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
    if claim.attribute == "orders.units" and high < 0.1 * max(row.low or 0.0 for row in known):
        return  # one buyer's order is no version of all orders
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


def same_words(one: str, other: str) -> bool:
    """Whether two names share a word that tells them apart.

    >>> same_words("the AI Now Institute", "Center for Humane Technology"), same_words("HBM3E", "HBM3e")
    (False, True)
    """
    common = {"the", "of", "for", "and", "institute", "group", "center", "centre"}
    a, b = (
        {word for word in text.lower().replace("-", " ").split() if word not in common}
        for text in (one, other)
    )
    return bool(a & b)


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


def regime(
    by_attribute: dict[str, list[Claim]], written: Mapping[str, date], record: Record
) -> Iterator[Finding]:
    """The line of 2023 taken for the one that decides in 2026."""
    gate = next(
        (
            fact
            for fact in record.about("us-threshold", "threshold.tpp")
            if fact.from_on == RULE_2026 and fact.low == fact.high
        ),
        None,
    )
    if gate is None:
        return
    claims = [
        claim for claim in (*by_attribute["threshold.tops"], *(claim for claim in by_attribute["threshold.tpp"] if NOW.search(claim.quote)), *by_attribute["policy.exemption"])
        if (claim.attribute == "policy.exemption" or (claim.low if claim.low is not None else claim.high) == 4800.0)
        and written[claim.document] >= RULE_2026
    ]  # fmt: skip
    spoken = {
        claim.document
        for claim in by_attribute["threshold.tpp"]
        if claim.low == gate.low or claim.high == gate.low
    }
    lines = {claim.document for claim in claims if claim.attribute != "policy.exemption"}
    left = [claim for claim in claims if claim.document in lines and claim.document not in spoken]
    if left:
        bandwidth = next(
            (
                fact.text
                for fact in record.about("us-threshold", "threshold.dram_gbs")
                if fact.source == gate.source
            ),
            "",
        )
        yield find(
            "vs_authority_regime", "high", left,
            f"4,800 is taken for the line that decides. It decides that a licence is needed; since {RULE_2026} what decides the review is another test: {gate.text}; {bandwidth}.",
            authority=Authority(gate.source, gate.text),
        )  # fmt: skip


def days_written(
    documents: Mapping[str, Document], by_attribute: dict[str, list[Claim]], record: Record
) -> dict[str, date]:
    """The earliest day each document can be of: its date, or that of a recorded act it tells of."""
    batch = next((act for act in record.acts if act.id == "cn-2026-01-batch"), None)
    telling = {
        claim.document for claim in by_attribute["approval.status"] if claim.subject == "China->H200 import"
    }
    return {
        id_: document.date or (max(batch.dates) if batch is not None and id_ in telling else date.min)
        for id_, document in documents.items()
    }


def coincidence(by_attribute: dict[str, list[Claim]], record: Record) -> Iterator[Finding]:
    """One numeral for two things: a threshold without unit and a bandwidth in GB/s."""
    lines: dict[int, list[Claim]] = defaultdict(list)
    for claim in (*by_attribute["threshold.tops"], *by_attribute["threshold.tpp"]):
        if claim.low is not None and not TPP_NAMED.search(claim.quote):
            lines[round(claim.low)].append(claim)
    speeds: dict[int, list[Claim]] = defaultdict(list)
    for claim in by_attribute["chip.memory_bandwidth_tbs"]:
        if isinstance(claim.value, float):
            speeds[round(claim.value * 1000)].append(claim)
    for number in lines.keys() & speeds.keys():
        law = next(
            (fact for fact in record.about("us-threshold", "threshold.tpp") if fact.low == number), None
        )
        if law is not None:
            yield find(
                "vs_authority_coincidence", "low", [*lines[number], *speeds[number]],
                f"{number:,} stands for two things: a threshold of total processing performance and {speeds[number][0].subject}'s memory bandwidth in GB/s. Only the digits agree.",
                authority=Authority(law.source, law.text),
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
    "policy.change_date": changed,
    "policy.effective_date": changed,
    "chip.vendor": maker,
    "threshold.tops": threshold_unit,
    "chip.peak_tops": peak,
    "event.first": first_time,
    "policy.actor": actor,
    "perf.ratio": unverifiable,
    "model.parameters": unverifiable,
}
