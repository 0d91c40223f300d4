"""Training against published measurements: the bars, on the tables that ship with the package."""

from functools import cache

import numpy as np
import pytest

from lockgate.capability.training_calibration import EraFactor, fit_eras
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.services.training_validation import (
    LEARNT,
    Score,
    TrainingCase,
    left_out_factors,
    may_learn,
    score_layouts,
    training_cases,
)


@cache
def cases() -> tuple[TrainingCase, ...]:
    return tuple(training_cases(load_catalogue()))


def scored(families: tuple[str, ...], what: str) -> Score:
    factors = left_out_factors(cases(), what)
    chosen = [i for i, case in enumerate(cases()) if case.step.family in families]
    return score_layouts([cases()[i] for i in chosen], [factors[i] for i in chosen])


def test_a_model_left_out() -> None:
    score = scored(LEARNT, "model")
    assert score.count >= 40
    assert score.mean_error <= 0.055
    assert score.worst_error <= 0.20
    assert 0.40 <= score.held_50 <= 0.60
    assert 0.85 <= score.held_90 <= 0.95


def test_an_era_left_out() -> None:
    assert scored(LEARNT, "era").mean_error <= 0.10


def test_a100_with_what_was_learnt_on_the_h100() -> None:
    assert scored(("megatron-a100",), "chip").mean_error <= 0.07


def test_blackwell_dense_is_near_although_never_learnt_from() -> None:
    score = scored(("blackwell",), "chip")
    assert score.mean_error <= 0.12
    assert score.held_90 >= 0.85


def test_shipped_factors_are_those_the_rows_give() -> None:
    table = load_catalogue().calibration("training")["eras"]
    eras, _ = fit_eras([case.step for case in cases() if may_learn(case.step)])
    for name, factor in eras.items():
        assert table[name]["factor"] == pytest.approx(float(np.exp(factor.log_factor)), abs=0.01), name


def test_every_measured_layout_was_run_so_it_should_fit() -> None:
    dense = [case for case in cases() if case.step.family in LEARNT]
    assert all(case.fits for case in dense), [case.row["id"] for case in dense if not case.fits]


def test_an_era_leans_on_the_others_when_it_has_few_layouts() -> None:
    eras, pooled = fit_eras([case.step for case in cases() if may_learn(case.step)])
    few = [case.step for case in cases() if case.step.era == "mlperf-v3-1"][:1]
    alone, _ = fit_eras(few)
    assert isinstance(pooled, EraFactor)
    assert eras["dgx-cloud-24-11"].sd < alone["mlperf-v3-1"].sd


def test_every_row_names_a_known_source() -> None:
    catalogue = load_catalogue()
    for source in {row["source"] for row in read_measurements("training_steps")}:
        assert catalogue.source(source).title
