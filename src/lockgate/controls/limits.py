"""Quantities of an item against the limits of a provision: pure comparisons, three-valued."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, word
from lockgate.catalogue.law import Limit, Version
from lockgate.controls.determination import Distance
from lockgate.controls.transaction import Bounds, Transaction

BYTE_PER_GB = Decimal(10) ** 9
UNKNOWN: Bounds = (None, None)
Quantities = Mapping[str, Bounds]
"""Name of a quantity, in the unit of the provisions -> the lowest and the highest value it may have."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "dram_plus_io_gb_per_s": ("dram_bandwidth_gb_per_s", "io_bandwidth_gb_per_s")
}
"""Columns that give a quantity, where they are not one column of its own name."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """What a test says: whether any of its lines holds, why, how far from each limit, and what it would need to know."""

    __test__ = False
    truth: Truth
    explanation: Explanation
    distances: tuple[Distance, ...]
    missing: tuple[str, ...]


def quantities_of(transaction: Transaction) -> Quantities:
    """Every quantity that a provision may compare."""

    def between(name: str, value: Decimal | None, unit: Decimal | None = None) -> Bounds:
        if value is None:
            low, high = transaction.bounds.get(name, UNKNOWN)
        else:
            low = high = value
        if unit is None:
            return low, high
        return (None if low is None else low / unit, None if high is None else high / unit)

    dram = between("dram_bandwidth_byte_per_s", transaction.dram_bandwidth_byte_per_s, BYTE_PER_GB)
    io = between("io_bandwidth_byte_per_s", transaction.io_bandwidth_byte_per_s, BYTE_PER_GB)
    datacenter = None if transaction.datacenter is None else Decimal(transaction.datacenter)
    return {
        "tpp": between("tpp", transaction.tpp),
        "performance_density": between("performance_density", transaction.performance_density),
        "dram_bandwidth_gb_per_s": dram,
        "io_bandwidth_gb_per_s": io,
        "dram_plus_io_gb_per_s": add(dram, io),
        "memory_bandwidth_density": between("memory_bandwidth_density", transaction.memory_bandwidth_density),
        "datacenter": (datacenter, datacenter),
    }


def add(first: Bounds, second: Bounds) -> Bounds:
    """The sum of two quantities that are not negative: what is known of either is a lower bound.

    >>> add((Decimal(1400), Decimal(1400)), (None, None))
    (Decimal('1400'), None)
    """
    lows = [low for low in (first[0], second[0]) if low is not None]
    high = None if first[1] is None or second[1] is None else first[1] + second[1]
    return (sum(lows, Decimal(0)) if lows else None), high


def holds(limit: Limit, bounds: Bounds) -> Truth:
    """Whether a quantity within ``bounds`` keeps ``limit``; None where its values are on both sides.

    >>> at_least = Limit(quantity="tpp", operator=">=", value=Decimal(4800))
    >>> holds(at_least, (Decimal(4800), Decimal(4800))), holds(at_least, (Decimal(4000), None))
    (True, None)
    """
    low, high = bounds
    value = limit.value
    if limit.operator == "==":
        if low is not None and low == high == value:
            return True
        return False if (low is not None and low > value) or (high is not None and high < value) else None
    if limit.operator in (">=", ">"):
        strict = limit.operator == ">"
        if low is not None and (low > value or (low == value and not strict)):
            return True
        return False if high is not None and (high < value or (high == value and strict)) else None
    strict = limit.operator == "<"
    if high is not None and (high < value or (high == value and not strict)):
        return True
    return False if low is not None and (low > value or (low == value and strict)) else None


def run_test(id_: str, version: Version, quantities: Quantities, label: str = "") -> TestResult:
    """Whether any line of a provision holds.

    Args:
        id_: The provision's id.
        version: Its version of the day.
        quantities: The item's quantities.
        label: What to call the question in the explanation.
    """
    truths: list[Truth] = []
    steps, distances = [], []
    missing: dict[str, None] = {}
    for line in version.lines:
        kept = [holds(limit, quantities[limit.quantity]) for limit in line.limits]
        truth = all_of(*kept)
        truths.append(truth)
        for limit, keeps in zip(line.limits, kept, strict=True):
            low, high = quantities[limit.quantity]
            value = low if low == high else None
            distances.append(
                Distance(id_, line.id, limit.quantity, value, limit.operator, limit.value, limit.unit)
            )
            if truth is None and keeps is None:
                missing |= dict.fromkeys(COLUMNS.get(limit.quantity, (limit.quantity,)))
        children = tuple(
            Explanation(str(limit), word(keeps), note=f"here {show(quantities[limit.quantity])}")
            for limit, keeps in zip(line.limits, kept, strict=True)
        )
        steps.append(Explanation(line.id, word(truth), citation=id_, pinpoint=line.id, children=children))
    truth = any_of(*truths)
    explanation = Explanation(label or id_, word(truth), citation=id_, children=tuple(steps))
    return TestResult(truth, explanation, tuple(distances), tuple(missing) if truth is None else ())


def show(bounds: Bounds) -> str:
    """A quantity as a person reads it.

    >>> show((Decimal(15832), Decimal(15832))), show((None, Decimal("3.2"))), show((None, None))
    ('15,832', 'at most 3.2', 'not known')
    >>> show((Decimal(1), Decimal(2))), show((Decimal(64), None))
    ('1 to 2', 'at least 64')
    """
    low, high = bounds
    if low is not None and low == high:
        return f"{plain(low)}"
    if low is not None and high is not None:
        return f"{plain(low)} to {plain(high)}"
    if low is not None:
        return f"at least {plain(low)}"
    return "not known" if high is None else f"at most {plain(high)}"


def plain(value: Decimal) -> str:
    """A number with thousands separators and at most four decimals, without trailing zeros."""
    text = f"{value:,.4f}"
    return text.rstrip("0").rstrip(".")
