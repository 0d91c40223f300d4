"""What an allotment is worth: chips with their price, power and duty, as time, tokens, money, energy and equivalents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from types import MappingProxyType

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.capability.estimate import Estimate

HOURS_PER_YEAR = 8766.0
# Share of a node's power and price that is not its accelerators: a DGX H100 of eight 700 W parts is rated at 10.2 kW, and
# sells for about 1.4 times its eight accelerators.
NODE_POWER_FACTOR = 1.8
NODE_PRICE_FACTOR = 1.4


@dataclass(frozen=True, slots=True)
class Lot:
    """Chips of one kind.

    Attributes:
        chip: Catalogue id.
        count: Chips.
        power_w: Of one chip at full load; None where unknown.
        price_usd: Of one chip before premium and duty; None where unknown.
        premium_fraction: Paid above the price.
        duty_fraction: Paid on price and premium.
    """

    chip: str
    count: int
    power_w: float | None = None
    price_usd: float | None = None
    premium_fraction: float = 0.0
    duty_fraction: float = 0.0

    @property
    def landed_price_usd(self) -> float | None:
        """Of one chip, premium and duty paid.

        >>> Lot("h200-sxm", 1, price_usd=27000.0, duty_fraction=0.25).landed_price_usd
        33750.0
        """
        if self.price_usd is None:
            return None
        return self.price_usd * (1.0 + self.premium_fraction) * (1.0 + self.duty_fraction)


@dataclass(frozen=True, slots=True)
class Running:
    """What it costs to run chips.

    Attributes:
        years: Over which the price is written off.
        electricity_usd_per_kwh: Price of power.
        overhead_factor: Power of the site over that of its machines.
        node_power_factor: Power of a node over that of its accelerators.
        node_price_factor: Price of a node over that of its accelerators.
        use_fraction: Of the hours, that the chips work.
    """

    years: float = 4.0
    electricity_usd_per_kwh: float = 0.09
    overhead_factor: float = 1.3
    node_power_factor: float = NODE_POWER_FACTOR
    node_price_factor: float = NODE_PRICE_FACTOR
    use_fraction: float = 0.7


def check_lot(lot: Lot) -> None:
    """Refuse lots that cannot be.

    Raises:
        InvalidInputError: With every problem.
    """
    problems = ProblemCollector()
    if lot.count < 1:
        problems.add(f"a lot has at least one chip, not {lot.count}", code="not-positive", where="count")
    for name in ("power_w", "price_usd"):
        value = getattr(lot, name)
        if value is not None and not value > 0:
            problems.add(f"{name} must be above nought, not {value}", code="not-positive", where=name)
    for name in ("premium_fraction", "duty_fraction"):
        if getattr(lot, name) < 0:
            problems.add(f"{name} cannot be negative", code="negative", where=name)
    problems.raise_if_any()


def price_usd(lot: Lot) -> float | None:
    """What the lot costs, premium and duty paid."""
    each = lot.landed_price_usd
    return None if each is None else each * lot.count


def power_w(lot: Lot, running: Running) -> float | None:
    """What a site draws to run the lot at full load."""
    if lot.power_w is None:
        return None
    return lot.power_w * lot.count * running.node_power_factor * running.overhead_factor


def cost_usd_per_hour(lot: Lot, running: Running) -> float | None:
    """Written-off price and power of one hour of the whole lot."""
    each, power = lot.landed_price_usd, power_w(lot, running)
    if each is None or power is None:
        return None
    capital = (
        each * lot.count * running.node_price_factor / (running.years * HOURS_PER_YEAR * running.use_fraction)
    )
    return capital + power / 1e3 * running.electricity_usd_per_kwh


def tokens_per_day(rate: Estimate, running: Running) -> Estimate:
    """Tokens a day at a rate, for the part of the day that the chips work.

    Args:
        rate: Tokens a second at full load.
        running: How they are run.
    """
    return rate.times(86400.0 * running.use_fraction)


def days_to_train(tokens: float, rate: Estimate) -> Estimate:
    """Days of a training run.

    Args:
        tokens: Of the whole run.
        rate: Tokens a second, time lost to failures taken off.
    """
    return rate.divides(tokens / 86400.0)


def cost_usd_per_million_tokens(lot: Lot, running: Running, rate: Estimate) -> Estimate | None:
    """Cost of a million tokens.

    Args:
        lot: The chips.
        running: How they are run.
        rate: Tokens a second of the whole lot at full load.
    """
    hourly = cost_usd_per_hour(lot, running)
    return None if hourly is None else rate.divides(hourly * 1e6 / 3600.0)


def energy_mwh(lot: Lot, running: Running, days: Estimate) -> Estimate | None:
    """Energy of a run at full load."""
    power = power_w(lot, running)
    return None if power is None else days.times(power * 24.0 / 1e6)


def same_money(lot: Lot, other: Lot) -> int | None:
    """How many of another chip the lot's money buys; None where a price is unknown.

    >>> same_money(Lot("a", 10, price_usd=300.0), Lot("b", 1, price_usd=200.0))
    15
    """
    total, each = price_usd(lot), other.landed_price_usd
    return None if total is None or each is None else floor(total / each)


@dataclass(frozen=True, slots=True)
class Convention:
    """One way of counting unlike chips as so many of one kind.

    Attributes:
        id: Short name.
        unit: What it counts in.
        quantity: What is compared.
        used_by: Whose convention it is.
        source: Source id.
    """

    id: str
    unit: str
    quantity: str
    used_by: str
    source: str


CONVENTIONS: Mapping[str, Convention] = MappingProxyType({
    item.id: item
    for item in (
        Convention("h100e-8-bit", "H100", "dense 8-bit operations a second", "Epoch AI", "epoch-ai-chip-counts"),
        Convention("h100e-tpp", "H100", "total processing performance, of 15,800", "AI Futures", "ai-2027-compute"),
        Convention("b300e-training", "B300", "dense 16-bit operations a second", "IFP, Grunewald", "ifp-b30a-decision"),
        Convention("h200e-bandwidth", "H200", "memory bandwidth", "this project", "lockgate-background-2026"),
    )
})  # fmt: skip


def equivalents(
    count: int, tpp: float | None, rates: Mapping[str, float], bandwidth_byte_per_s: float | None,
    references: Mapping[str, float],
) -> Mapping[str, float | None]:  # fmt: skip
    """Chips counted under each named convention; None where the fact it needs is not stated.

    Args:
        count: Chips.
        tpp: Total processing performance of one.
        rates: Dense rate of one by format, operations a second.
        bandwidth_byte_per_s: Of one.
        references: ``eight_bit`` of an H100, ``training`` of a B300, ``bandwidth`` of an H200, in the same units.

    Raises:
        LockgateError: ``missing-fact`` where a reference is missing.
    """
    missing = [name for name in ("eight_bit", "training", "bandwidth") if not references.get(name)]
    if missing:
        raise LockgateError(f"no reference for {', '.join(missing)}", code="missing-fact")
    eight = max((rates.get(name, 0.0) for name in ("int8", "fp8")), default=0.0) or rates.get("bf16", 0.0)
    sixteen = rates.get("bf16") or rates.get("fp16")
    return {
        "h100e-8-bit": count * eight / references["eight_bit"] if eight else None,
        "h100e-tpp": count * tpp / 15800.0 if tpp else None,
        "b300e-training": count * sixteen / references["training"] if sixteen else None,
        "h200e-bandwidth": count * bandwidth_byte_per_s / references["bandwidth"]
        if bandwidth_byte_per_s
        else None,
    }


def total_estimate(parts: Sequence[Estimate]) -> Estimate:
    """The sum of figures whose errors move together, as those of one model do: ends add.

    Args:
        parts: At least one.
    """
    if not parts:
        raise LockgateError("nothing to add", code="missing")
    from lockgate.capability.estimate import Interval

    def ends(name: str) -> Interval:
        return Interval(sum(getattr(p, name).low for p in parts), sum(getattr(p, name).high for p in parts))

    return Estimate(sum(part.value for part in parts), ends("interval_50"), ends("interval_90"))
