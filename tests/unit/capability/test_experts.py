"""Training of mixtures of experts: what each setting of a framework does, and measured runs."""

from typing import Any

import numpy as np
import pytest

from lockgate.capability.eras import training_era
from lockgate.capability.experts import exchange_s
from lockgate.capability.hardware import hardware_from_chip
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.calibration import read_calibration, read_measurements
from lockgate.services.estimate import estimate_job
from lockgate.services.training_validation import (
    ROUTED,
    layout_points,
    shipped_factors,
    training_cases,
)

TABLE = read_calibration("training")
H100 = hardware_from_chip(load_catalogue().chip("h100-sxm"), read_calibration("kernels"))
JOB: dict[str, Any] = {
    "kind": "train", "model": "qwen3-235b-a22b", "chip": "h100-sxm", "count": 256, "precision": "bf16", "tp": 1, "pp": 8,
    "ep": 32, "micro_batch": 2, "global_batch": 2048, "seq_len": 4096, "recompute": "none", "interleave": 1,
    "framework": "megatron-bridge 26.02",
}  # fmt: skip


def step(**fields: Any) -> dict[str, Any]:
    return estimate_job(JOB | fields)


def seconds(**fields: Any) -> float:
    return float(step(**fields)["step_time_s"]["value"])


def test_words_after_the_framework_are_settings_of_its_era() -> None:
    plain = training_era("megatron-bridge 26.02", TABLE, chip_id="h100-sxm")
    both = training_era("Megatron-Bridge 26.02 overlapped alltoall", TABLE, chip_id="h100-sxm")
    assert (plain.expert_overlapped, plain.expert_copies) == (False, False)
    assert (both.expert_overlapped, both.expert_copies) == (True, True)
    assert (both.id, both.factor) == (plain.id, plain.factor)
    assert not plain.described
    assert both.described


def test_a_release_may_run_differently_on_newer_chips_with_the_same_factor() -> None:
    old, new = (
        training_era(f"megatron-bridge {name}", TABLE, chip_id="gb200") for name in ("26.02", "26.06")
    )
    assert old.expert_launched > new.expert_launched == 0.0
    assert old.factor == new.factor
    assert training_era("megatron-bridge 26.06", TABLE, chip_id="h100-sxm").expert_launched == 1.0


def test_a_copy_for_each_expert_is_slower_across_nodes_than_one_for_each_node() -> None:
    assert seconds(framework="megatron-bridge 26.02 alltoall") > 1.05 * seconds()
    dense = {"model": "llama3-70b", "ep": 1, "tp": 4}
    assert seconds(**dense, framework="megatron-bridge 26.02 alltoall") == seconds(**dense)


def test_overlap_hides_the_exchange_but_costs_cores() -> None:
    plain, hidden = step(), step(framework="megatron-bridge 26.02 overlapped")
    assert hidden["breakdown_s"]["tensor"] < 0.5 * plain["breakdown_s"]["tensor"]
    assert hidden["compute_s"]["experts"] > 1.1 * plain["compute_s"]["experts"]


def test_short_work_waits_for_the_host_and_long_work_does_not() -> None:
    small = {"model": "qwen3-30b-a3b", "count": 16, "pp": 1, "ep": 8, "global_batch": 512}
    waits = []
    for micro in (1, 8):
        answer = step(**small, micro_batch=micro)
        waits.append(answer["compute_s"]["waiting for the host"] / answer["step_time_s"]["value"])
    assert waits[0] > 0.1
    assert waits[1] == 0.0


def test_attention_in_8_bit_gains_only_what_its_products_take() -> None:
    """At a width of 128 the softmax takes half as long as the products, which take half the time in 8 bit."""
    plain, narrow = step(), step(framework="megatron-bridge 26.02 attention-fp8")
    expected = (0.5 + 0.5) / (1.0 + 0.5) * plain["compute_s"]["attention"]
    assert narrow["compute_s"]["attention"] == pytest.approx(expected, rel=0.01)


def test_what_the_host_does_not_launch_the_chip_does_not_wait_for() -> None:
    job = {
        "model": "qwen3-30b-a3b",
        "chip": "gb200",
        "count": 8,
        "pp": 1,
        "ep": 8,
        "global_batch": 512,
        "micro_batch": 1,
    }
    waits = [
        step(**job, framework=f"megatron-bridge 26.02 {word}")["compute_s"]["waiting for the host"]
        for word in ("launched", "router-graphed", "graphed", "recorded")
    ]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > 0.0
    assert waits[-1] == 0.0


def test_a_single_microbatch_hides_nothing_of_its_exchange() -> None:
    job = {"model": "qwen3-235b-a22b", "chip": "gb200", "count": 64, "pp": 1, "ep": 64, "micro_batch": 1}
    times = [
        step(**job, global_batch=64 * count, framework="megatron-bridge 26.06 recorded")["breakdown_s"][
            "tensor"
        ]
        for count in (1, 2, 8)
    ]
    assert times[0] > 0.0
    assert times == pytest.approx([times[0]] * 3)


def test_experts_with_biases_move_more_unless_fused() -> None:
    job = {
        "model": "gpt-oss-120b",
        "chip": "gb200",
        "count": 64,
        "pp": 1,
        "ep": 64,
        "global_batch": 1280,
        "micro_batch": 4,
    }
    plain = (
        load_catalogue().model("gpt-oss-120b").model_dump(exclude={"source", "pinpoint", "note", "aliases"})
    )
    plain["experts"]["biased"] = False
    for word, more in (("launched", True), ("recorded", False)):
        framework = f"megatron-bridge 26.06 {word}"
        biased, without = (
            step(**(job | {"model": model}), framework=framework)["compute_s"]["experts"]
            for model in ("gpt-oss-120b", plain)
        )
        assert (biased > 1.03 * without) is more


def test_settings_that_nobody_names_make_the_interval_wider() -> None:
    told, untold = (step(framework=f"megatron-bridge 26.02{word}") for word in (" launched", ""))
    assert told["step_time_s"]["value"] == untold["step_time_s"]["value"]
    assert told["step_time_s"]["interval_90"][1] < untold["step_time_s"]["interval_90"][1]


def test_a_token_reaches_no_more_nodes_than_its_groups_allow() -> None:
    limited = load_catalogue().model("deepseek-v3")
    assert limited.experts is not None
    free = limited.model_copy(update={"experts": limited.experts.model_copy(update={"groups_per_token": 0})})
    times = []
    for model in (limited, free):
        assert model.experts is not None
        ranks = np.array([8.0, 64.0])
        times.append(exchange_s(H100, np.full(2, 1e8), model.experts, ranks, copies=False))
    assert times[0][0] == times[1][0]
    assert times[0][1] < times[1][1]


def test_deepseek_as_its_makers_trained_it() -> None:
    """2,048 H800, 180,000 chip-hours for a trillion tokens. Source: arXiv 2412.19437, section 1 and 3."""
    job = JOB | {
        "model": "deepseek-v3", "chip": "h800-sxm", "count": 2048, "precision": "fp8", "pp": 16, "ep": 64, "micro_batch": 1,
        "global_batch": 15360, "recompute": "selective",
    }  # fmt: skip
    reported = 1e12 / (180e3 * 3600)
    answer = estimate_job(job | {"framework": "deepseek 2024"})
    own = answer["tokens_per_s_per_chip"]
    assert answer["fits"]
    assert own["value"] == pytest.approx(reported, rel=0.20)
    assert own["interval_90"][0] < reported < own["interval_90"][1]
    unnamed = estimate_job(job | {"framework": ""})["tokens_per_s_per_chip"]
    assert unnamed["interval_90"][0] < reported < unnamed["interval_90"][1]


def test_measured_mixtures_of_experts() -> None:
    rows = [row for row in read_measurements("training_steps") if row["family"] in ROUTED]
    cases = training_cases(load_catalogue(), None, rows)
    points = layout_points(cases, shipped_factors(cases, TABLE))
    errors = np.array([point.estimate.value / point.measured_s - 1.0 for point in points])
    assert len(points) >= 45
    assert np.mean(np.abs(errors)) <= 0.10
    assert np.max(np.abs(errors)) <= 0.35
