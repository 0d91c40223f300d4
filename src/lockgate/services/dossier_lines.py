"""The dossier's pictures: how the deal would have fared on each date, and where its chip stands among the lines of the law."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from lockgate.catalogue import Chip
from lockgate.catalogue.law import Line
from lockgate.controls.determination import Determination, GateAnswer, Verdict
from lockgate.reports.outline import Cite, DossierSection
from lockgate.services.assessment import Assessment
from lockgate.services.dossier_words import GATE_TITLES, POLICY_WORDS, STATE_WORDS, iso

COMPARED = ("h200-sxm", "h100-sxm", "h800-sxm", "a800-sxm-80", "h20-96", "mi325x", "b200", "b30a")
"""Chips beside which a deal is put where it names none itself."""

FIRST_DAY = dt.date(2022, 1, 1)
"""The strip begins here: the first letters came in August 2022."""

REVIEW_2026 = "us-ear.742-6.b-10-iii-a-1-case-by-case"
DUTY = "us-section-232.duty"
TESTS = (("us-ear.3a090.b", "hold", "3A090.b"), ("us-ear.3a090.a", "closed", "3A090.a"))
"""Tests that classify: provision, tone, label. The later lies over the earlier: what is .a is not .b."""
TPP_DOMAIN, DENSITY_DOMAIN, BANDWIDTH_DOMAIN = (400.0, 100_000.0), (0.4, 200.0), (150.0, 20_000.0)
GB = 1e9


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
    tests = [
        (id_, tone, label, version.lines)
        for id_, tone, label in TESTS
        if (version := law.in_force(id_)) and version.lines
    ]
    density = [
        region
        for _, tone, label, lines in tests
        for region in regions_of(label, tone, lines, "performance_density", DENSITY_DOMAIN)
    ]
    bandwidth = list(bandwidth_regions(assessment))
    data = {
        "on": iso(assessment.on),
        "density": {
            "regions": density,
            "points": points_of([*chips.values(), *others], names, own, density_of, DENSITY_DOMAIN),
            "tpp_domain": TPP_DOMAIN, "domain": DENSITY_DOMAIN,
        },
        "bandwidth": {
            "regions": bandwidth,
            "points": points_of([*chips.values(), *others], names, own, bandwidth_of, BANDWIDTH_DOMAIN),
            "tpp_domain": TPP_DOMAIN, "domain": BANDWIDTH_DOMAIN,
        },
        "chips": [describe_chip(chip) for chip in chips.values()],
        "other_count": len(others),
    }  # fmt: skip
    cites = [Cite(id_, "draws the regions of performance and density") for id_, *_ in tests]
    cites += [
        Cite(region["provision"], "draws a region of performance and bandwidth") for region in bandwidth
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


def low_of(chip: Chip) -> float | None:
    """The least that the density can be; None where that is not known."""
    low = chip.performance_density_range[0]
    return None if low is None else round(float(low), 2)


def density_of(chip: Chip) -> tuple[float | None, str]:
    """The density that a chart can show, and what it is: ``exact``, ``upper``, ``lower`` ….

    Where only a bound is known, the bound is shown.
    """
    if chip.performance_density is not None:
        return float(chip.performance_density), chip.density_bound
    return low_of(chip), "lower"


def bandwidth_of(chip: Chip) -> tuple[float | None, str]:
    """The DRAM bandwidth in GB/s."""
    value = chip.dram_bandwidth_byte_per_s
    return (None if value is None else value / GB), "exact"


def points_of(
    chips: Iterable[Chip], names: Sequence[str], own: str, value_of: Any, domain: tuple[float, float]
) -> list[dict[str, Any]]:
    """Chips as points of a chart; those that are not known or off the chart are left out."""
    points = []
    for chip in chips:
        y, bound = value_of(chip)
        x = None if chip.tpp is None else float(chip.tpp)
        if (
            x is None
            or y is None
            or not (TPP_DOMAIN[0] <= x <= TPP_DOMAIN[1] and domain[0] <= y <= domain[1])
        ):
            continue
        kind = "deal" if chip.id == own else "compared" if chip.id in names else "other"
        mark = {"upper": " (at most)", "lower": " (at least)", "range": " (about)"}.get(bound, "")
        label = short_name(chip) + mark if kind != "other" else ""
        points.append({"id": chip.id, "label": label, "x": x, "y": round(y, 3), "kind": kind, "bound": bound})
    return points


def short_name(chip: Chip) -> str:
    """A name short enough for a chart: the first alias, where that is shorter."""
    return min((chip.name, *chip.aliases[:1]), key=len)


def regions_of(
    label: str, tone: str, lines: Sequence[Line], other: str, domain: tuple[float, float]
) -> Iterator[dict[str, Any]]:
    """Rectangles that the lines of a test draw over performance and another quantity, in axis units."""
    first = next(iter(lines), None)
    for line in lines:
        box = {"tpp": list(TPP_DOMAIN), other: list(domain)}
        if any(limit.quantity not in box for limit in line.limits):
            continue
        for limit in line.limits:
            end = 0 if limit.operator in (">", ">=") else 1
            box[limit.quantity][end] = narrow(end, box[limit.quantity][end], limit.value)
        (x1, x2), (y1, y2) = box["tpp"], box[other]
        if x1 < x2 and y1 < y2:
            yield {"label": label if line is first else "", "line": line.id, "tone": tone, "x1": x1, "x2": x2, "y1": y1, "y2": y2}  # fmt: skip


def narrow(end: int, held: float, limit: Decimal) -> float:
    """The tighter of two bounds at one end of an interval."""
    return max(held, float(limit)) if end == 0 else min(held, float(limit))


def bandwidth_regions(assessment: Assessment) -> Iterator[dict[str, Any]]:
    """Regions over performance and bandwidth: the review of 2026, and the duty's boxes."""
    law = assessment.law_on
    wanted = ((REVIEW_2026, "hold", "case-by-case review"), (DUTY, "accent", "duty"))
    for id_, tone, label in wanted:
        version = law.in_force(id_)
        if version is None:
            continue
        for quantity in ("dram_bandwidth_gb_per_s", "dram_bandwidth_byte_per_s"):
            scale = GB if quantity.endswith("byte_per_s") else 1.0
            for region in regions_of(label, tone, version.lines, quantity, (BANDWIDTH_DOMAIN[0] * scale, BANDWIDTH_DOMAIN[1] * scale)):  # fmt: skip
                if any(limit.quantity == quantity for line in version.lines for limit in line.limits):
                    yield region | {
                        "label": label if id_ == REVIEW_2026 else "",
                        "provision": id_, "y1": region["y1"] / scale, "y2": region["y2"] / scale,
                    }  # fmt: skip
