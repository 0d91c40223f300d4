"""Laws of training estimates: a better chip is never slower, and nothing is created or lost."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.capability.hardware import Hardware
from lockgate.capability.layout import RECOMPUTE, Layouts, explain_impossible
from lockgate.capability.search import candidate_layouts, plan_training
from lockgate.capability.training import predict_steps
from lockgate.capability.training_jobs import TrainingJob, answer_job, settle_run
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.calibration import read_calibration
from lockgate.catalogue.models import ModelArchitecture, model_from_mapping
from tests.unit.capability.chips_for_tests import hardware

TABLE = read_calibration("training")
MODELS = [
    load_catalogue().model(name)
    for name in ("gpt3-175b", "llama3-8b", "mixtral-8x7b", "deepseek-v3", "bert-large")
]
MODELS.append(model_from_mapping({"layers": 8, "hidden": 512, "heads": 8, "vocab": 8000}))
PEAKS = {"bf16": 989.5e12, "fp16": 989.5e12, "fp8": 1979e12}


@st.composite
def runs(draw: st.DrawFn) -> tuple[ModelArchitecture, Layouts, int, int, str, str]:
    model = draw(st.sampled_from(MODELS))
    tp, pp, cp = (
        draw(st.sampled_from([1, 2, 4])),
        draw(st.sampled_from([1, 2, 4])),
        draw(st.sampled_from([1, 2])),
    )
    dp, ep = draw(st.sampled_from([1, 2, 8, 32])), draw(st.sampled_from([1, 2, 4])) if model.experts else 1
    ep = ep if (tp * cp * dp) % ep == 0 else 1
    micro, chunks = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from([1, 2])) if pp > 1 else 1
    seq_len = 512
    layouts = Layouts.of(
        tp=tp, pp=pp, cp=cp, dp=dp, ep=ep, micro_batch=micro, interleave=chunks,
        recompute=np.arange(3), zero=draw(st.integers(0, 3)),
    )  # fmt: skip
    batch = dp * micro * draw(st.integers(1, 16))
    return (
        model,
        layouts,
        batch,
        seq_len,
        draw(st.sampled_from(["bf16", "fp8"])),
        draw(st.sampled_from(["", "mlperf v3.1"])),
    )


def steps_on(chip: Hardware, run: tuple[ModelArchitecture, Layouts, int, int, str, str]):  # type: ignore[no-untyped-def]
    model, layouts, batch, seq_len, precision, framework = run
    job = TrainingJob(
        model, chip, int(layouts.chip_count[0]), precision=precision, global_batch=batch, seq_len=seq_len,
        framework=framework,
    )  # fmt: skip
    _, settled, _ = settle_run(job, TABLE)
    return predict_steps(settled, layouts)


BETTER: dict[str, dict[str, object]] = {
    "more flops": {"peak_flop_per_s": {name: 1.3 * rate for name, rate in PEAKS.items()}},
    "more bandwidth": {"dram_bandwidth_byte_per_s": 1.4 * 3.35e12},
    "faster links": {"chip_link_bandwidth_byte_per_s": 2 * 900e9},
    "more memory": {"dram_capacity_byte": 141 * 2.0**30},
}


@pytest.mark.parametrize("what", BETTER)
@settings(max_examples=60, deadline=None)
@given(run=runs())
def test_a_better_chip_is_never_slower(
    what: str, run: tuple[ModelArchitecture, Layouts, int, int, str, str]
) -> None:
    plain = hardware(peak_flop_per_s=PEAKS)
    better = hardware(**({"peak_flop_per_s": PEAKS} | BETTER[what]))
    assert (steps_on(better, run).step_s <= steps_on(plain, run).step_s * (1 + 1e-12)).all()


@settings(max_examples=40, deadline=None)
@given(run=runs(), network=st.floats(1.0, 8.0))
def test_a_faster_network_is_never_slower(
    run: tuple[ModelArchitecture, Layouts, int, int, str, str], network: float
) -> None:
    plain = hardware(peak_flop_per_s=PEAKS)
    better = replace(plain, network_bandwidth_byte_per_s=network * plain.network_bandwidth_byte_per_s)
    assert (steps_on(better, run).step_s <= steps_on(plain, run).step_s * (1 + 1e-12)).all()


@settings(max_examples=60, deadline=None)
@given(run=runs())
def test_no_step_beats_the_roofline_and_parts_add_up(
    run: tuple[ModelArchitecture, Layouts, int, int, str, str],
) -> None:
    model, layouts, batch, seq_len, precision, _ = run
    steps = steps_on(hardware(peak_flop_per_s=PEAKS), run)
    # without the output layer and attention, whose flop run in 16 bit
    blocks = (
        model.layers * model.attention_parameter_count + model.dense_layers * model.dense_mlp_parameter_count
    )
    if model.experts:
        blocks += model.moe_layers * model.experts.per_token * model.expert_parameter_count
    least_s = 6.0 * blocks * batch * seq_len / (layouts.chip_count[0] * PEAKS[precision])
    assert (steps.step_s >= least_s).all()
    parts = (
        steps.compute_s
        + steps.recompute_s
        + steps.tensor_s
        + steps.pipeline_s
        + steps.data_s
        + steps.optimizer_s
    )
    assert np.allclose(parts, steps.step_s, rtol=1e-12)
    memory = steps.memory
    kinds = (
        memory.weights, memory.gradients, memory.optimizer, memory.activations, memory.logits, memory.reserved,
    )  # fmt: skip
    assert np.allclose(sum(kinds), memory.total)
    assert all((kind >= 0).all() for kind in kinds)


@settings(max_examples=40, deadline=None)
@given(run=runs())
def test_recomputation_trades_time_for_memory(
    run: tuple[ModelArchitecture, Layouts, int, int, str, str],
) -> None:
    steps = steps_on(hardware(peak_flop_per_s=PEAKS), run)
    assert (np.diff(steps.step_s) >= 0).all()
    assert steps.memory.activations[2] <= steps.memory.activations[0] * 1.5


def test_one_tensor_rank_has_no_traffic_within_a_replica() -> None:
    for model in MODELS:
        run = (model, Layouts.of(tp=1, pp=1, dp=8, micro_batch=2), 16, 512, "bf16", "")
        assert steps_on(hardware(peak_flop_per_s=PEAKS), run).tensor_s[0] == 0.0
    alone = (MODELS[1], Layouts.of(tp=1, micro_batch=2), 16, 512, "bf16", "")
    steps = steps_on(hardware(peak_flop_per_s=PEAKS), alone)
    assert steps.data_s[0] == steps.pipeline_s[0] == 0.0


def test_tokens_are_conserved() -> None:
    job = TrainingJob(MODELS[1], hardware(), 64, tp=2, pp=2, micro_batch=2, global_batch=256, seq_len=4096)
    answer = answer_job(job, TABLE)
    per_step = answer.tokens_per_s.value * answer.step_time_s.value
    assert per_step == pytest.approx(256 * 4096)
    assert answer.tokens_per_s_per_chip.value * 64 == pytest.approx(answer.tokens_per_s.value)
    assert answer.step_time_s.value in answer.step_time_s.interval_50
    assert answer.step_time_s.interval_50.high < answer.step_time_s.interval_90.high


@pytest.mark.parametrize(
    ("name", "chips", "batch"), [("llama3-8b", 8, 16), ("mixtral-8x7b", 16, 32), ("gpt3-175b", 64, 64)]
)
def test_the_search_is_brute_force(name: str, chips: int, batch: int) -> None:
    """Every combination of small numbers, tried one by one, gives the same count and the same best."""
    model = load_catalogue().model(name)
    job = TrainingJob(model, hardware(), chips, global_batch=batch, seq_len=2048, zero=1)
    plan = plan_training(job, TABLE)
    found = []
    numbers = [n for n in range(1, chips + 1) if chips % n == 0]
    experts = model.experts.count if model.experts else 1
    for tp, pp, cp, micro, ep in product(
        numbers, numbers, numbers, range(1, batch + 1), range(1, experts + 1)
    ):
        if tp * pp * cp > chips or chips % (tp * pp * cp) or model.layers % pp:
            continue
        for chunks in range(1, model.layers // pp + 1 if pp > 1 else 2):
            layout = {
                "tp": tp, "pp": pp, "dp": chips // (tp * pp * cp), "cp": cp, "ep": ep, "micro_batch": micro, "interleave": chunks,
            }  # fmt: skip
            uneven = model.layers % (pp * chunks)
            if not uneven and not explain_impossible(
                layout, model, chip_count=chips, global_batch=batch, seq_len=2048
            ):
                found += [layout | {"recompute": way} for way in range(3)]
    assert plan.searched == len(found)
    _, run, _ = settle_run(job, TABLE)
    columns = {key: np.array([layout[key] for layout in found]) for key in found[0]}
    steps = predict_steps(run, Layouts.of(**columns, zero=1))
    fits = steps.memory.total <= run.hardware.memory_byte
    times = np.where(fits, steps.step_s, np.inf)
    assert plan.fitting == int(fits.sum())
    assert plan.best.step_time_s.value == pytest.approx(float(times.min()), rel=1e-12)


def test_one_at_a_time_is_the_same_as_all_at_once() -> None:
    job = TrainingJob(load_catalogue().model("llama3-70b"), hardware(), 64, global_batch=128, seq_len=4096)
    settled, run, _ = settle_run(job, TABLE)
    layouts = candidate_layouts(run, settled)
    steps = predict_steps(run, layouts)
    for place in np.random.default_rng(0).choice(len(layouts), 60, replace=False):
        row = layouts.row(int(place))
        assert row["recompute"] in RECOMPUTE
        one = predict_steps(run, layouts.take(np.array([place])))
        assert one.step_s[0] == pytest.approx(steps.step_s[place], rel=1e-12)
        assert one.memory.total[0] == pytest.approx(steps.memory.total[place], rel=1e-12)


def test_the_front_is_not_beaten() -> None:
    plan = plan_training(
        TrainingJob(load_catalogue().model("llama3-8b"), hardware(), 16, global_batch=64), TABLE
    )
    times = [answer.step_time_s.value for answer in plan.pareto]
    memory = [answer.memory_byte_per_chip for answer in plan.pareto]
    assert times == sorted(times)
    assert memory == sorted(memory, reverse=True)
    assert plan.best.step_time_s.value == times[0]
    assert all(loser["step_time_ratio"] is None or loser["step_time_ratio"] >= 1 for loser in plan.losers)
