"""The dossier's pictures: how the deal would have fared on each date, and where its chip stands among the lines of the law."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from lockgate.catalogue import Chip
from lockgate.controls.determination import Determination, GateAnswer, Verdict
from lockgate.reports.outline import Cite, DossierSection
from lockgate.services.assessment import Assessment
from lockgate.services.chip_lines import GB, TESTS, chart_lines, low_of, short_name
from lockgate.services.dossier_words import GATE_TITLES, POLICY_WORDS, STATE_WORDS, iso

COMPARED = ("h200-sxm", "h100-sxm", "h800-sxm", "a800-sxm-80", "h20-96", "mi325x", "b200", "b30a")
"""Chips beside which a deal is put where it names none itself."""

FIRST_DAY = dt.date(2022, 1, 1)
"""The strip begins here: the first letters came in August 2022."""


class Fared(NamedTuple):
    """How a chip fared at one gate: a tone for the eye, a few words, and the verdict."""

    tone: str
    says: str
    verdict: str


def versions_section(assessment: Assessment) -> DossierSection:
    """The same deal with each chip on every day on which an answer changes, 2022 to the day of the question."""
    chips = [assessment.catalogue.chip(name) for name in compared_ids(assessment)]
    days = [FIRST_DAY, *(day for day in assessment.days if day > FIRST_DAY)]
    table = {
        chip.id: [
            fare_at_gates(assessment.determine(assessment.reference.recipient, day, item=chip.id))
            for day in days
        ]
        for chip in chips
    }
    periods = join_periods(days, table)
    data = {
        "recipient": assessment.reference.recipient.label,
        "from_on": iso(FIRST_DAY),
        "until_on": iso(assessment.today),
        "on": iso(assessment.on),
        "gates": [{"id": gate, "title": GATE_TITLES.get(gate, gate)} for gate in assessment.gates],
        "chips": [
            {"id": chip.id, "name": chip.name, "short": short_name(chip), "released_on": chip.released_on}
            for chip in chips
        ],
        "spans": list(spans_of(assessment, chips, days, table)),
        "periods": [
            {
                "from_on": iso(day),
                "changes": changes_on(assessment, day),
                "chips": [cell_of(table[chip.id], days, periods, day) for chip in chips],
            }
            for day in periods
        ],
    }
    cites = tuple(
        Cite(id_, f"begins or changes on {iso(day)}")
        for day in periods
        for change in changes_on(assessment, day)
        for id_ in change["provisions"]
    )
    return DossierSection(
        id="versions",
        title="The same deal through time",
        order=50,
        template="versions.html",
        data=data,
        cites=cites,
    )


def cell_of(
    row: list[dict[str, Fared]], days: Sequence[dt.date], periods: Sequence[dt.date], day: dt.date
) -> dict[str, Any]:
    """One chip in one period: how it fared at each gate, and whether that differs from the period before."""
    now = row[days.index(day)]
    index = periods.index(day)
    before = row[days.index(periods[index - 1])] if index else {}
    return {
        gate: {**fared._asdict(), "changed": gate not in before or before[gate][:2] != fared[:2]}
        for gate, fared in now.items()
    }


def compared_ids(assessment: Assessment) -> list[str]:
    """Chips to compare: the deal's own first, or the one in its system."""
    own = assessment.reference.determination.transaction.item
    systems = assessment.catalogue.system_shelf
    chip = systems[own].chip if own in systems else own
    return list(dict.fromkeys([*([chip] if chip else []), *(assessment.deal.compare or COMPARED)]))


def fare_at_gates(determination: Determination) -> dict[str, Fared]:
    """How one chip fared at each gate."""
    return {part.gate: fare(part) for part in determination.gates}


def fare(part: GateAnswer) -> Fared:
    """How a gate's answer looks in the strip."""
    verdict = str(part.verdict)
    if part.gate == "cn-import":
        tones = {
            "conditionally-approved": "open", "stopped": "closed", "blocked-at-customs": "closed", "discouraged": "hold",
        }  # fmt: skip
        words = {"unknown": "nothing decisive reported", "not-applicable": "not an import"}
        return Fared(tones.get(part.state, "none"), words.get(part.state, STATE_WORDS[part.state]), verdict)
    if part.verdict is Verdict.NOT_IN_FORCE:
        return Fared("none", "no rule", verdict)
    if part.licence_required is None:
        return Fared("unknown", "undetermined", verdict)
    if part.licence_required is False:
        return Fared("open", "no licence required", verdict)
    if part.licence_enforced is False:
        return Fared("open", "licence by the text, not enforced", verdict)
    if part.exceptions:
        return Fared("hold", "licence, or exception " + "/".join(part.exceptions), verdict)
    policy = POLICY_WORDS.get(part.review_policy, part.review_policy)
    tone = {"presumption-of-denial": "closed", "undetermined": "unknown"}.get(part.review_policy, "hold")
    return Fared(tone, "licence: " + (policy or "required"), verdict)


def join_periods(days: Sequence[dt.date], table: dict[str, list[dict[str, Fared]]]) -> list[dt.date]:
    """Days on which the answer for any chip differs from the day before."""
    kept = [days[0]]
    for index in range(1, len(days)):
        if any(looks(row[index]) != looks(row[index - 1]) for row in table.values()):
            kept.append(days[index])
    return kept


def looks(cell: dict[str, Fared]) -> list[tuple[str, str]]:
    """What of a cell is shown; a verdict can change without it, when a licence of the deal's own is granted."""
    return [(fared.tone, fared.says) for fared in cell.values()]


def changes_on(assessment: Assessment, day: dt.date) -> list[dict[str, Any]]:
    """What changed on ``day``: each document with a clause that begins or changes then, reports by their own title."""
    found: dict[str, list[str]] = {}
    for provision in assessment.law.provisions():
        for version in provision.versions:
            if version.from_on == day and provision.kind not in ("definition", "condition"):
                title = (
                    provision.title
                    if version.verification == "reported"
                    else version.citation.document.split(";")[0]
                )
                found.setdefault(title, []).append(provision.id)
    return [{"title": title, "provisions": ids} for title, ids in found.items()]


def spans_of(
    assessment: Assessment,
    chips: Sequence[Chip],
    days: Sequence[dt.date],
    table: dict[str, list[dict[str, Fared]]],
) -> Iterator[dict[str, Any]]:
    """Bars of the strip: neighbouring days with the same answer are one bar."""
    ends = [*days[1:], assessment.today]
    for chip in chips:
        for gate in assessment.gates:
            cells = [
                (row[gate], start, end) for row, start, end in zip(table[chip.id], days, ends, strict=True)
            ]
            for (tone, says), group in groupby(cells, key=lambda cell: (cell[0].tone, cell[0].says)):
                spells = list(group)
                start, end = spells[0][1], spells[-1][2]
                yield {
                    "row": short_name(chip), "lane": gate, "tone": tone, "label": says, "start": iso(start), "end": iso(end),
                    "days": (end - start).days,
                }  # fmt: skip


def lines_section(assessment: Assessment) -> DossierSection:
    """The chip among the lines of the law: performance by density, and performance by bandwidth."""
    names = compared_ids(assessment)
    own = names[0] if assessment.reference.determination.transaction.item else ""
    chips = {chip.id: chip for chip in (assessment.catalogue.chip(name) for name in names)}
    others = [chip for chip in assessment.catalogue.chips() if chip.id not in chips]
    law = assessment.law_on
    charts = chart_lines(law, [*chips.values(), *others], names, own)
    data = {
        "on": iso(assessment.on),
        **charts,
        "chips": [describe_chip(chip) for chip in chips.values()],
        "other_count": len(others),
    }
    tests = [id_ for id_, *_ in TESTS if (version := law.in_force(id_)) and version.lines]
    cites = [Cite(id_, "draws the regions of performance and density") for id_ in tests]
    cites += [
        Cite(region["provision"], "draws a region of performance and bandwidth")
        for region in charts["bandwidth"]["regions"]
    ]
    cites += [
        Cite(id_, f"specifications of {chip.name}") for chip in chips.values() for id_ in used_sources(chip)
    ]
    return DossierSection(
        id="lines",
        title="Where the chip stands",
        order=60,
        template="lines.html",
        data=data,
        cites=tuple(cites),
    )


def used_sources(chip: Chip) -> list[str]:
    """Sources of the figures that the charts and their table show."""
    names = ("dram_bandwidth", "logic_die_area", "chip_link_bandwidth")
    facts = [chip.facts[name].source for name in names if name in chip.facts]
    return list(dict.fromkeys([*(rate.source for rate in chip.decisive_rates), *facts]))


def describe_chip(chip: Chip) -> dict[str, Any]:
    """The figures of one chip that decide, for the table."""
    return {
        "id": chip.id,
        "name": chip.name,
        "tpp": None if chip.tpp is None else float(chip.tpp),
        "tpp_from": " = ".join("/".join(rate.formats) for rate in chip.decisive_rates),
        "density": None if chip.performance_density is None else round(float(chip.performance_density), 2),
        "density_bound": chip.density_bound,
        "density_low": low_of(chip),
        "dram_bandwidth_gb_per_s": None
        if chip.dram_bandwidth_byte_per_s is None
        else chip.dram_bandwidth_byte_per_s / GB,
        "io_bandwidth_gb_per_s": None
        if chip.io_bandwidth_byte_per_s is None
        else chip.io_bandwidth_byte_per_s / GB,
        "confidence": chip.confidence,
    }
