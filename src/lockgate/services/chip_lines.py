"""Where accelerators stand among the lines of the law on a day: points, and the regions that lines draw, over two figures."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from lockgate.catalogue import Chip
from lockgate.catalogue.law import LawOnDate, Line

REVIEW_2026 = "us-ear.742-6.b-10-iii-a-1-case-by-case"
DUTY = "us-section-232.duty"
TESTS = (("us-ear.3a090.b", "hold", "3A090.b"), ("us-ear.3a090.a", "closed", "3A090.a"))
"""Tests that classify: provision, tone, label. The later lies over the earlier: what is .a is not .b."""
TPP_DOMAIN, DENSITY_DOMAIN, BANDWIDTH_DOMAIN = (400.0, 100_000.0), (0.4, 200.0), (150.0, 20_000.0)
GB = 1e9


def chart_lines(
    law: LawOnDate, chips: Sequence[Chip], names: Sequence[str] = (), own: str = ""
) -> dict[str, Any]:
    """Performance by density, and performance by DRAM bandwidth.

    Args:
        law: Of the day.
        chips: Those to show.
        names: Ids of those that are named in the charts.
        own: Id of the one that stands out.

    Returns:
        ``density`` and ``bandwidth``, each with ``regions``, ``points``, ``tpp_domain`` and ``domain``.
    """
    density = [
        region
        for id_, tone, label in TESTS
        if (version := law.in_force(id_)) and version.lines
        for region in regions_of(label, tone, version.lines, "performance_density", DENSITY_DOMAIN)
    ]
    return {
        "density": {
            "regions": density,
            "points": points_of(chips, names, own, density_of, DENSITY_DOMAIN),
            "tpp_domain": TPP_DOMAIN, "domain": DENSITY_DOMAIN,
        },
        "bandwidth": {
            "regions": list(bandwidth_regions(law)),
            "points": points_of(chips, names, own, bandwidth_of, BANDWIDTH_DOMAIN),
            "tpp_domain": TPP_DOMAIN, "domain": BANDWIDTH_DOMAIN,
        },
    }  # fmt: skip


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
    """A name short enough for a chart: the first alias in Latin letters, where that is shorter."""
    return min((chip.name, *[alias for alias in chip.aliases if alias.isascii()][:1]), key=len)


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


def bandwidth_regions(law: LawOnDate) -> Iterator[dict[str, Any]]:
    """Regions over performance and bandwidth: the review of 2026, and the duty's boxes."""
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
