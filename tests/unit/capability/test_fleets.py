"""The arithmetic of an allotment, against numbers worked by hand."""

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.capability.estimate import Estimate
from lockgate.capability.fleets import (
    Lot,
    Running,
    check_lot,
    cost_usd_per_hour,
    cost_usd_per_million_tokens,
    days_to_train,
    energy_mwh,
    equivalents,
    power_w,
    price_usd,
    same_money,
    tokens_per_day,
    total_estimate,
)

LOT = Lot("h200-sxm", 8, power_w=700.0, price_usd=27000.0, premium_fraction=0.1, duty_fraction=0.25)
PLAIN = Running(
    years=4.0,
    electricity_usd_per_kwh=0.1,
    overhead_factor=1.0,
    node_power_factor=1.0,
    node_price_factor=1.0,
    use_fraction=1.0,
)


def test_price_power_and_hourly_cost_are_sums_anyone_can_redo() -> None:
    assert price_usd(LOT) == pytest.approx(8 * 27000 * 1.1 * 1.25)
    assert power_w(LOT, PLAIN) == 5600.0
    assert cost_usd_per_hour(LOT, PLAIN) == pytest.approx(297000 / (4 * 8766) + 5.6 * 0.1)
    assert cost_usd_per_hour(Lot("x", 1, power_w=1.0), PLAIN) is None


def test_time_tokens_money_and_energy() -> None:
    rate = Estimate.from_log(1e6, half_50=0.1, half_90=0.2)
    assert days_to_train(86400e6, rate).value == pytest.approx(1.0)
    assert tokens_per_day(rate, Running(use_fraction=0.5)).value == pytest.approx(43.2e9)
    cost = cost_usd_per_million_tokens(LOT, PLAIN, rate)
    assert cost is not None
    assert cost.value == pytest.approx((cost_usd_per_hour(LOT, PLAIN) or 0) / 3600)
    assert cost.interval_90.high / cost.value == pytest.approx(rate.value / rate.interval_90.low)
    energy = energy_mwh(LOT, PLAIN, Estimate.exact(10.0))
    assert energy is not None
    assert energy.value == pytest.approx(5.6e-3 * 240)


def test_the_same_money_buys_whole_chips() -> None:
    assert same_money(LOT, Lot("other", 1, price_usd=100000.0)) == 2
    assert same_money(LOT, Lot("other", 1)) is None


def test_equivalents_name_what_they_compare() -> None:
    references = {"eight_bit": 1979e12, "training": 2250e12, "bandwidth": 4.8e12}
    found = equivalents(
        400_000, 15832.0, {"fp8": 1979e12, "int8": 1979e12, "bf16": 989.5e12}, 4.8e12, references
    )
    assert found["h100e-8-bit"] == pytest.approx(400_000)
    assert found["h100e-tpp"] == pytest.approx(400_000 * 15832 / 15800)
    assert found["b300e-training"] == pytest.approx(400_000 * 989.5 / 2250)
    assert equivalents(1, None, {}, None, references) == dict.fromkeys(found)
    with pytest.raises(LockgateError, match="no reference for training"):
        equivalents(1, 1.0, {}, None, references | {"training": 0.0})


def test_lots_that_cannot_be_are_refused_with_every_reason() -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_lot(Lot("x", 0, power_w=-1.0, price_usd=0.0, duty_fraction=-0.1))
    assert {problem.path for problem in caught.value.problems} == {
        "count",
        "power_w",
        "price_usd",
        "duty_fraction",
    }
    check_lot(LOT)


def test_sums_of_figures_with_one_cause_of_error_add_their_ends() -> None:
    one = Estimate.from_log(2.0, half_50=0.1, half_90=0.3)
    both = total_estimate([one, one])
    assert both.value == 4.0
    assert both.interval_90.low == pytest.approx(2 * one.interval_90.low)
    with pytest.raises(LockgateError, match="nothing to add"):
        total_estimate([])
