"""Claims about rules against the law: when they came, where their lines are, who made them, which way they went."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.evidence.findings import Authority, Finding, find, shown
from lockgate.evidence.record import Act, Record

ACT_NEAR_DAYS = 12  # further off it is likely another act, one that is not on record
RULE_NEAR_DAYS = (
    62  # "effective" speaks of the rule itself, so a date further off is still a wrong date of it
)
NAMED_NEAR_DAYS = 400  # a year slipped is still a wrong date of the act that is named
SAME_ACT_DAYS = 3  # a date so near an act's is that act's
NOW = re.compile(r"\b(?:current|currently|existing|still|now)\b|现行|目前", re.IGNORECASE)
TPP_NAMED = re.compile(r"\bTPP\b|total processing performance|总处理性能|總處理性能", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?。！？](?=\s|$)|\n")


def changed(claim: Claim, record: Record, sentence: str) -> Iterator[Finding]:
    """The date of an act of policy against the act that its sentence names, else against the nearest on record."""
    if claim.low is None or claim.high is None:
        return
    acts = [
        act for act in record.acts if act.government == ("CN" if claim.subject.startswith("China") else "US")
    ]
    named = [act for act in acts if any(name in sentence.lower() for name in act.names)]
    if claim.attribute == "policy.effective_date":
        acts = [replace(act, dates=act.effective) for act in acts if act.effective]
        named = [act for act in acts if act.id in {one.id for one in named}]
    acts = named or acts
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
    reach = RULE_NEAR_DAYS if claim.attribute == "policy.effective_date" else ACT_NEAR_DAYS
    if distance <= (NAMED_NEAR_DAYS if named else reach):
        yield find(
            "vs_authority_date", "low" if distance < 10 else "medium", [claim],
            f"{claim.subject} is dated {claim.value}; the {'act it names' if named else 'nearest act on record'} ({act.title}) is of {days}, {distance:.0f} days off.",
            authority=Authority(act.source, days),
        )  # fmt: skip


def sentence_of(claim: Claim, documents: Mapping[str, Document]) -> str:
    """The sentence that a claim's quote stands in."""
    document = documents.get(claim.document)
    if document is None:
        return claim.quote
    before = [
        found.end()
        for found in SENTENCE_END.finditer(document.text, max(0, claim.char_start - 600), claim.char_start)
    ]
    behind = SENTENCE_END.search(document.text, claim.char_end, claim.char_end + 600)
    start = before[-1] if before else max(0, claim.char_start - 600)
    return document.text[start : behind.start() if behind else claim.char_end + 600]


def impossible(claim: Claim) -> Iterator[Finding]:
    """A day that no calendar has: "April 31"."""
    if claim.pattern == "impossible-date":
        yield find(
            "vs_authority_date", "high", [claim],
            f"“{claim.value}” is no day of the calendar.",
            "the day that is meant",
        )  # fmt: skip


ELSEWHERE = ("US Treasury", "US State", "US Defense", "US Energy", "US Justice", "USTR")
"""Agencies that do not make export controls on chips: those are Commerce's, by its Bureau of Industry and Security."""


def agency(claim: Claim, record: Record) -> Iterator[Finding]:
    """A rule of Commerce put down to another agency."""
    who = str(claim.value) if claim.attribute in ("policy.actor", "approval.authority") else claim.subject
    wrong = next((name for name in ELSEWHERE if who.startswith(name)), None)
    acts = [act for act in record.acts if act.government == "US" and not act.duty]
    if wrong is not None and acts:
        last = max(acts, key=lambda act: max(act.dates))
        yield find(
            "vs_authority_actor", "medium", [claim],
            f"The act is put down to {wrong}. Export controls on chips are made by Commerce's Bureau of Industry and Security.",
            authority=Authority(last.source, "US Department of Commerce, Bureau of Industry and Security"),
        )  # fmt: skip


def reversed_direction(
    by_attribute: Mapping[str, list[Claim]], record: Record, documents: Mapping[str, Document]
) -> Iterator[Finding]:
    """An act dated right but said to go the other way: "on 15 January 2026 the US tightened its controls"."""
    dated = [
        claim
        for attribute in ("policy.change_date", "policy.effective_date")
        for claim in by_attribute.get(attribute, ())
        if claim.low is not None and claim.low == claim.high
    ]
    for claim in by_attribute.get("policy.direction", ()):
        sentence = sentence_of(claim, documents)
        for other in dated:
            if other.document != claim.document or sentence_of(other, documents) != sentence:
                continue
            acts = [act for act in record.acts if act.government == "US" and not act.duty and _of(act, other)]
            if acts and all(act.direction != claim.value for act in acts):
                yield find(
                    "vs_authority_regime", "high", [claim, other],
                    f"{other.value}: the US is said to have {claim.value} its controls; the act of that day ({acts[0].title}) {acts[0].direction} them.",
                    authority=Authority(acts[0].source, f"{acts[0].title}: {acts[0].direction}"),
                )  # fmt: skip


def _of(act: Act, claim: Claim) -> bool:
    return any(abs(day.toordinal() - (claim.low or 0.0)) <= SAME_ACT_DAYS for day in act.dates)


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


def regime(
    by_attribute: dict[str, list[Claim]], written: Mapping[str, date], record: Record
) -> Iterator[Finding]:
    """The line that asks for a licence taken for the later one that decides the review."""
    known = [
        (fact.from_on, fact.low, fact)
        for fact in record.about("us-threshold", "threshold.tpp")
        if fact.from_on and fact.low is not None and fact.low == fact.high
    ]
    since, deciding, gate = max(known, key=lambda one: one[0], default=(date.max, 0.0, None))
    older = [limit for day, limit, _ in known if day < since and limit < deciding]
    if gate is None or not older:
        return
    line = max(older)
    claims = [
        claim for claim in (*by_attribute["threshold.tops"], *(claim for claim in by_attribute["threshold.tpp"] if NOW.search(claim.quote)), *by_attribute["policy.exemption"])
        if (claim.attribute == "policy.exemption" or (claim.low if claim.low is not None else claim.high) == line)
        and written[claim.document] >= since
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
            f"{line:,.0f} is taken for the line that decides. It decides that a licence is needed; since {since} what decides the review is another test: {gate.text}; {bandwidth}.",
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
