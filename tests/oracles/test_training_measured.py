"""Training against published measurements: the bars, on the tables that ship with the package."""

from functools import cache

import numpy as np
import pytest

from lockgate.capability.training_calibration import EraFactor, fit_eras
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.calibration import read_calibration, read_measurements
from lockgate.services.training_validation import (
    GROUPS,
    LEARNT,
    ROUTED,
    Score,
    TrainingCase,
    left_out_points,
    score_points,
    training_cases,
    unlearnt_points,
    widths_of,
)
from lockgate.services.validation import binomial_p


@cache
def cases() -> tuple[TrainingCase, ...]:
    return tuple(training_cases(load_catalogue()))


@cache
def left_out(word: str, experts: bool) -> Score:
    return score_points(left_out_points(load_catalogue(), word, experts=experts))


def test_a_model_left_out() -> None:
    score = left_out("model", experts=False)
    assert score.count >= 40
    assert score.mean_error <= 0.055
    assert score.worst_error <= 0.20


def test_an_era_left_out() -> None:
    assert left_out("era", experts=False).mean_error <= 0.10


@pytest.mark.parametrize(
    ("word", "experts"), [("model", False), ("era", False), ("model", True), ("chip", True)]
)
def test_intervals_hold_what_they_say_of_what_they_have_not_seen(word: str, experts: bool) -> None:
    score = left_out(word, experts=experts)
    assert 0.40 <= score.held_50 <= 0.60
    assert 0.85 <= score.held_90 <= 0.95


@pytest.mark.parametrize("word", ["model", "chip"])
def test_experts_left_out(word: str) -> None:
    score = left_out(word, experts=True)
    assert score.count >= 50
    assert score.mean_error <= 0.13
    assert score.worst_error <= 0.35


def test_what_was_left_out_was_not_seen() -> None:
    """Constants for every group, each of them learnt from other rows: another group's would not be the same."""
    found = read_calibration("training_left_out")
    for kind, families in (
        ("model", LEARNT),
        ("era", LEARNT),
        ("expert_model", ROUTED),
        ("expert_chip", ROUTED),
    ):
        of = GROUPS[kind.removeprefix("expert_")]
        assert set(found[kind]) == {of(case.step) for case in cases() if case.step.family in families}
        assert len({tuple(constants.values()) for constants in found[kind].values()}) == len(found[kind])


def test_intervals_shipped_are_as_wide_as_the_errors_left_out() -> None:
    shipped = load_catalogue().calibration("training")["parameters"]
    for name, experts in (("row", False), ("expert", True)):
        widths = widths_of(left_out_points(load_catalogue(), "model", experts=experts))
        assert (shipped[f"{name}_half_50"], shipped[f"{name}_half_90"]) == pytest.approx(widths, rel=0.1)


@pytest.mark.parametrize("families", [("megatron-a100",), ("blackwell",)])
def test_chips_that_nothing_was_learnt_from(families: tuple[str, ...]) -> None:
    score = score_points(unlearnt_points(load_catalogue(), families))
    assert score.mean_error <= 0.07
    for held, share in ((score.held_50, 0.5), (score.held_90, 0.9)):
        assert binomial_p(round(held * score.count), score.count, share) > 0.01


def test_shipped_factors_are_those_the_rows_give() -> None:
    table = load_catalogue().calibration("training")["eras"]
    eras, _ = fit_eras([case.step for case in cases() if case.step.family in LEARNT])
    for name, factor in eras.items():
        assert table[name]["factor"] == pytest.approx(float(np.exp(factor.log_factor)), abs=0.01), name


def test_every_measured_layout_was_run_so_it_should_fit() -> None:
    dense = [case for case in cases() if case.step.family in LEARNT]
    assert all(case.fits for case in dense), [case.row["id"] for case in dense if not case.fits]


def test_an_era_leans_on_the_others_when_it_has_few_layouts() -> None:
    eras, pooled = fit_eras([case.step for case in cases() if case.step.family in LEARNT])
    few = [case.step for case in cases() if case.step.era == "mlperf-v3-1"][:1]
    alone, _ = fit_eras(few)
    assert isinstance(pooled, EraFactor)
    assert eras["dgx-cloud-24-11"].sd < alone["mlperf-v3-1"].sd


def test_every_row_names_a_known_source() -> None:
    catalogue = load_catalogue()
    for source in {row["source"] for row in read_measurements("training_steps")}:
        assert catalogue.source(source).title
