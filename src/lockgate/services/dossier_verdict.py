"""The dossier's first sections: the verdict, and the deal as it was told."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from lockgate.base.three_valued import word
from lockgate.controls.determination import Determination, GateAnswer, Verdict
from lockgate.reports.outline import Cite, DossierSection
from lockgate.services.assessment import OPEN, Assessment, gate_of
from lockgate.services.border_costs import charge_costs
from lockgate.services.dossier_words import CHARGE_TITLES, GATE_TITLES, POLICY_WORDS, STATE_WORDS, iso, passes
from lockgate.services.transaction_rows import COLUMNS


def verdict_section(assessment: Assessment) -> DossierSection:
    """The verdict first: whether the deal passes, which gate holds it and since when, for whom, and what is missing."""
    gates = [describe_gate(assessment, gate) for gate in assessment.gates]
    costs = {cost["charge"]: cost for cost in charge_costs(assessment)}
    charges = [
        {
            "id": part.charge,
            "title": CHARGE_TITLES.get(part.charge, part.charge),
            "applies": word(part.applies),
            "cost": costs.get(part.charge),
        }
        for part in assessment.reference.determination.charges
    ]
    data = {
        "verdict": str(assessment.verdict),
        "passes": passes(assessment.verdict),
        "sentence": sum_up(assessment),
        "gates": gates,
        "charges": charges,
        "recipients": [
            {
                "name": answer.recipient.label,
                "named": bool(answer.recipient.name),
                "role": answer.recipient.role,
                "verdict": str(answer.determination.verdict),
                "gates": [
                    {"id": part.gate, "verdict": str(part.verdict), "says": short_reason(part)}
                    for part in answer.determination.gates
                ],
                "note": answer.recipient.note,
            }
            for answer in assessment.answers
        ],
        "missing": [
            {"column": name, "meaning": COLUMNS[name].meaning if name in COLUMNS else ""}
            for name in dict.fromkeys(
                name for answer in assessment.buyers for name in answer.determination.missing
            )
        ],
        "warnings": list(dict.fromkeys(text.rstrip(".") for text in warnings_of(assessment))),
        "future": assessment.on > assessment.today,
    }
    cites = tuple(
        Cite(id_, f"decides the {GATE_TITLES.get(part.gate, part.gate)}")
        for answer in assessment.buyers
        for part in answer.determination.gates
        for id_ in part.basis
    )
    return DossierSection(
        id="verdict", title="May it pass?", order=10, template="verdict.html", data=data, cites=cites
    )


def describe_gate(assessment: Assessment, gate: str) -> dict[str, Any]:
    """One gate for the deal: its verdict, why in a few words, and since when it holds the deal."""
    answers = [gate_of(answer.determination, gate) for answer in assessment.buyers]
    return {
        "id": gate,
        "title": GATE_TITLES.get(gate, gate),
        "verdict": str(assessment.gate_verdict(gate)),
        "says": "; ".join(dict.fromkeys(short_reason(answer) for answer in answers)),
        "held_since": iso(assessment.held_since(gate)),
    }


def short_reason(answer: GateAnswer) -> str:
    """Why a gate answers as it does, in a few words."""
    if answer.gate == "cn-import":
        before = answer.verdict is Verdict.NOT_IN_FORCE and answer.state != "not-applicable"
        return "before any rule or report" if before else STATE_WORDS.get(answer.state, answer.state)
    if answer.verdict is Verdict.NOT_IN_FORCE:
        return "before any rule"
    return "; ".join(licence_words(answer))


def licence_words(answer: GateAnswer) -> Iterator[str]:
    """What the US gate says of a licence: whether one is required and held, how it is reviewed, what is open."""
    undetermined = answer.verdict is Verdict.UNDETERMINED
    if answer.licence_required is None:
        yield "whether a licence is required is undetermined"
        return
    if answer.licence_required is False:
        yield "no licence required" + (
            " for item and route; end use or parties not settled" if undetermined else ""
        )
        return
    enforced = "" if answer.licence_enforced else ", not enforced"
    held = {Verdict.NOT_MET: ", none held", Verdict.UNDETERMINED: ", whether it is held and kept not known"}
    met = "" if answer.exceptions or not answer.licence_enforced else ", held"
    yield f"licence required{enforced}{held.get(answer.verdict, met)}"
    policy = POLICY_WORDS.get(answer.review_policy, answer.review_policy)
    if policy:
        yield f"review: {policy}"
    if answer.exceptions:
        yield "exception open: " + ", ".join(answer.exceptions)


def warnings_of(assessment: Assessment) -> Iterator[str]:
    """Everything a reader must know, from every buyer's answer."""
    for answer in assessment.buyers:
        yield from all_warnings(answer.determination)


def all_warnings(determination: Determination) -> Iterator[str]:
    """Warnings of a determination and of its parts."""
    yield from determination.warnings
    for part in determination.parts:
        yield from part.warnings


def sum_up(assessment: Assessment) -> str:
    """The answer in a few sentences: whether the deal passes, and what each gate says, the one that holds it first."""
    names = join_words([answer.recipient.label for answer in assessment.buyers])
    deal = f"{what_moves(assessment)} to {names}"
    when = long_day(assessment.on)
    opening = {
        Verdict.NOT_MET: f"On {when} this deal may not pass: {deal}.",
        Verdict.UNDETERMINED: f"Whether this deal may pass on {when} cannot be determined: {deal}.",
    }.get(assessment.verdict, f"On {when} this deal may pass: {deal}.")
    gates = sorted(assessment.gates, key=lambda gate: assessment.gate_verdict(gate) in OPEN)
    return " ".join([opening, *(sentence_of(assessment, gate) for gate in gates)])


def what_moves(assessment: Assessment) -> str:
    """Quantity and item in a few words."""
    quantity, known = assessment.deal.quantity, assessment.catalogue
    item = assessment.reference.determination.transaction.item
    held = [shelf[item].name for shelf in (known.chip_shelf, known.system_shelf) if item in shelf]
    return f"{bounds_text(quantity.low, quantity.high)} {held[0] if held else item or 'items'}"


def sentence_of(assessment: Assessment, gate: str) -> str:
    """What one gate says of the deal."""
    told = describe_gate(assessment, gate)
    title, since = told["title"], assessment.held_since(gate)
    lead = f"The {title}" if not title.startswith("China") else title
    if since is None:
        return f"{lead} does not hold it: {told['says']}."
    if told["verdict"] == Verdict.NOT_MET:
        stands = f"has held it since {long_day(since)}" if since < assessment.on else "holds it"
    else:
        stands = "is undetermined" + (f" since {long_day(since)}" if since < assessment.on else "")
    return f"{lead} {stands}: {told['says']}."


def deal_section(assessment: Assessment) -> DossierSection:
    """The deal as it was told: what moves, how many, to whom, when, each with its sources."""
    deal = assessment.deal
    facts = deal.facts_on(assessment.on)
    data = {
        "facts": [
            {"column": fact.column, "value": fact.value, "note": fact.note, "sources": list(fact.sources)}
            for fact in facts.values()
        ],
        "quantity": {
            "low": deal.quantity.low,
            "high": deal.quantity.high,
            "basis": deal.quantity.basis,
            "reports": [
                {
                    "low": report.low,
                    "high": report.high,
                    "hedge": report.hedge,
                    "note": report.note,
                    "sources": list(report.sources),
                }
                for report in deal.quantity.reports
            ],
        },
        "recipients": [
            {"name": item.label, "role": item.role, "note": item.note, "sources": list(item.sources)}
            for item in deal.recipients
        ],
        "dates": [
            {"on": iso(item.on), "what": item.what, "sources": list(item.sources)}
            for item in sorted(deal.dates, key=lambda item: item.on)
        ],
        "figures": [
            {
                "name": item.name,
                "value": float(item.value),
                "unit": item.unit,
                "hedge": item.hedge,
                "note": item.note,
                "sources": list(item.sources),
            }
            for item in deal.figures
        ],
    }
    return DossierSection(
        id="deal",
        title="The deal as told",
        order=90,
        template="deal.html",
        data=data,
        cites=tuple(deal_cites(assessment)),
    )


def deal_cites(assessment: Assessment) -> Iterator[Cite]:
    """What each document supports in the deal's account."""
    deal = assessment.deal
    for fact in deal.facts_on(assessment.on).values():
        yield from (Cite(id_, f"{fact.column}: {fact.value or 'not known'}") for id_ in fact.sources)
    for report in deal.quantity.reports:
        yield from (Cite(id_, f"quantity {bounds_text(report.low, report.high)}") for id_ in report.sources)
    for item in deal.recipients:
        yield from (Cite(id_, f"recipient: {item.label}") for id_ in item.sources)
    for date in deal.dates:
        yield from (
            Cite(id_, f"{iso(date.on)}: {date.what[0].lower()}{date.what[1:]}") for id_ in date.sources
        )
    for figure in deal.figures:
        yield from (Cite(id_, f"{figure.name}: {figure.value:,f} {figure.unit}") for id_ in figure.sources)


def bounds_text(low: int | None, high: int | None) -> str:
    """A range as people write it.

    >>> bounds_text(400000, None), bounds_text(400000, 400000), bounds_text(1, 20000), bounds_text(None, 5)
    ('at least 400,000', '400,000', '1 to 20,000', 'at most 5')
    """
    if low is None:
        return "not stated" if high is None else f"at most {high:,}"
    if high is None:
        return f"at least {low:,}"
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def long_day(day: dt.date) -> str:
    """A day as people read it.

    >>> long_day(dt.date(2026, 1, 8))
    '8 January 2026'
    """
    return f"{day.day} {day:%B %Y}"


def join_words(words: list[str]) -> str:
    """Words as a list in a sentence.

    >>> join_words(["A", "B", "C"]), join_words(["A"])
    ('A, B and C', 'A')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
