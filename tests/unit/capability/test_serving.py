"""Laws of the serving model, its bad input, and published rows as oracles."""

from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.capability.hardware import Hardware, hardware_from_chip
from lockgate.capability.serving import run_inflight, run_static
from lockgate.capability.serving_answers import estimate_serving
from lockgate.capability.serving_eras import choose_era
from lockgate.capability.serving_jobs import ServingJob
from lockgate.capability.serving_memory import Engine
from lockgate.capability.serving_queue import most_under_limits, operate_at
from lockgate.capability.serving_search import BATCHES, STEP_TOKENS, plan_serving, splits_of
from lockgate.capability.serving_steps import step_times
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.models import parse_model

CATALOGUE = load_catalogue()
TABLES = CATALOGUE.calibration("serving")
ERA = choose_era("tensorrt-llm 0.17", TABLES).era


def chip(name: str) -> Hardware:
    return hardware_from_chip(CATALOGUE.chip(name), CATALOGUE.calibration("kernels"))


H100, H200 = chip("h100-sxm"), chip("h200-sxm")
LLAMA = load_catalogue().model("llama3.1-8b")


def job(**fields: object) -> ServingJob:
    given = {
        "model": LLAMA,
        "hardware": H100,
        "count": 1,
        "precision": "fp8",
        "input_len": 1000,
        "output_len": 1000,
    }
    return ServingJob(**(given | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "on", "count", "precision", "lengths", "measured"),
    [
        ("llama3.1-8b", "h100-sxm", 1, "fp8", (128, 128), 28836.77),
        ("llama3.1-70b", "h100-sxm", 4, "fp8", (2048, 2048), 5480.03),
        ("llama3.1-70b", "a100-sxm-80", 8, "bf16", (500, 2000), 4445.37),
        ("mistral-7b", "l40s", 1, "fp8", (20000, 2000), 337.83),
        ("mixtral-8x7b", "h100-sxm", 2, "fp8", (128, 4096), 14237.01),
    ],
)
def test_published_rates_of_tensorrt_llm_are_met(
    model: str, on: str, count: int, precision: str, lengths: tuple[int, int], measured: float
) -> None:
    answer = estimate_serving(
        ServingJob(load_catalogue().model(model), chip(on), count, precision=precision, tp=count, input_len=lengths[0],
                   output_len=lengths[1], framework="TensorRT-LLM 0.17"),
        TABLES,
    )  # fmt: skip
    assert answer.output_tokens_per_s.value == pytest.approx(measured, rel=0.10)
    assert answer.fits


widths = st.floats(1.0, 3.0)


@settings(max_examples=60, deadline=None)
@given(
    widths,
    widths,
    widths,
    widths,
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([(128, 128), (2048, 128), (500, 2000)]),
)
def test_a_better_chip_is_never_slower(
    bandwidth: float, flops: float, links: float, memory: float, tp: int, lengths: tuple[int, int]
) -> None:
    better = replace(
        H100,
        memory_bandwidth_byte_per_s=H100.memory_bandwidth_byte_per_s * bandwidth,
        peak_flop_per_s={name: rate * flops for name, rate in H100.peak_flop_per_s.items()},
        link_bandwidth_byte_per_s=H100.link_bandwidth_byte_per_s * links,
        memory_byte=H100.memory_byte * memory,
    )
    rates = [
        estimate_serving(
            job(model=load_catalogue().model("llama3-70b"), hardware=hardware, count=8, tp=tp, input_len=lengths[0], output_len=lengths[1]),
            TABLES,
        ).output_tokens_per_s.value
        for hardware in (H100, better)
    ]  # fmt: skip
    assert rates[1] >= rates[0] * (1 - 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 512), st.integers(1, 4000), st.integers(1, 600), st.sampled_from([1, 2, 8]))
def test_time_is_never_below_the_roofline(batch: int, prompt: int, answer: int, tp: int) -> None:
    engine = Engine(LLAMA, H100, "fp8", "fp8", tp=tp)
    run = run_static(
        engine, replace(ERA, kernel_factor=1.0), input_tokens=prompt, output_tokens=answer, batch=batch
    )
    seconds = batch * answer / float(run.output_tokens_per_s)
    layers = LLAMA.parameter_count - LLAMA.embedding_parameter_count - LLAMA.head_parameter_count
    flop = 2.0 * layers * batch * (prompt + answer - 1)
    assert seconds >= flop / (tp * H100.rate("fp8"))
    assert seconds >= answer * layers / (tp * H100.memory_bandwidth_byte_per_s)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 2048), st.one_of(st.none(), st.integers(1, 20000)),
    st.sampled_from([256, 2048, 8192]),
)  # fmt: skip
def test_every_prompt_token_and_every_answer_is_served_once(
    prompt: int, answer: int, slots: int, requests: int | None, step: int
) -> None:
    from lockgate.capability.serving import _waves

    slots = min(slots, requests or slots)
    count = np.inf if requests is None else requests
    wave = _waves(
        np.asarray(prompt, float), np.asarray(answer, float), np.asarray(slots, float), count,
        np.asarray(step, float),
    )  # fmt: skip
    carried = float((wave.steps * wave.fresh).sum())
    assert carried == pytest.approx(float(wave.requests) * prompt, rel=1e-9)
    made = float((wave.steps * wave.active).sum())
    assert made == pytest.approx(float(wave.requests) * answer, rel=1e-9)
    assert (wave.steps >= 0).all()
    assert (wave.active <= slots).all()


def test_one_rank_communicates_nothing_and_memory_sums_to_its_parts() -> None:
    times = step_times(
        Engine(LLAMA, H100, "fp8", "fp8"), prefill_tokens=4096, prompt_tokens=1024, sequences=64, context=1000
    )
    assert float(times.communication) == 0.0
    memory = estimate_serving(job(), TABLES).memory_byte
    assert memory["total"] == pytest.approx(
        sum(memory[name] for name in ("weights", "cache", "activations", "runtime"))
    )


def test_the_cache_uses_what_is_left_and_a_model_too_large_says_by_how_much() -> None:
    full = estimate_serving(job(), TABLES)
    assert 0.85 * full.memory_byte["visible"] < full.memory_byte["total"] <= full.memory_byte["visible"]
    large = estimate_serving(job(model=load_catalogue().model("llama3.1-405b"), count=1, tp=1), TABLES)
    assert not large.fits
    assert large.overrun_byte > 300e9
    assert large.output_tokens_per_s.value > 0


def test_a_finer_cache_holds_more() -> None:
    wide, fine = (estimate_serving(job(kv_precision=form), TABLES) for form in ("bf16", "fp8"))
    assert float(fine.run.batch) == pytest.approx(2 * float(wide.run.batch), rel=0.02)


def test_an_unseen_framework_and_an_unseen_chip_widen_the_interval() -> None:
    def width(**fields: object) -> float:
        rate = estimate_serving(job(**fields), TABLES).output_tokens_per_s
        return rate.interval_90.high / rate.interval_90.low

    known = width(framework="tensorrt-llm 0.17")
    near = width(framework="tensorrt-llm 0.9")
    other = width(framework="vllm 0.9")
    assert known < near < other
    assert other < width(framework="vllm 0.9", hardware=chip("ascend-910b3"), precision="bf16")


def test_problems_are_told_all_at_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        estimate_serving(job(count=0, tp=-1, input_len=0, scenario="lazy"), TABLES)
    assert {problem.path for problem in caught.value.problems} == {"count", "tp", "input_len", "scenario"}
    with pytest.raises(InvalidInputError, match="cannot be split over 3"):
        estimate_serving(job(count=3, tp=3), TABLES)
    with pytest.raises(InvalidInputError, match="replicas of 4"):
        estimate_serving(job(count=6, tp=4), TABLES)
    with pytest.raises(LockgateError, match="unknown number format"):
        estimate_serving(job(precision="fp7"), TABLES)


def test_eras_are_found_by_name_and_version() -> None:
    assert choose_era("TensorRT-LLM v0.17.0", TABLES).exact
    assert choose_era("trtllm 0.11", TABLES).era.id == "tensorrt-llm 0.11"
    assert choose_era("MLPerf v4.1", TABLES).era.id == "tensorrt-llm 0.11"
    assert choose_era("mlperf v3.1", TABLES, kind="encoder").exact
    assert not choose_era("sglang 0.5", TABLES).same_framework
    assert choose_era("tensorrt-llm", TABLES).era.id == "tensorrt-llm 1.2"


def test_one_token_answers_have_no_time_per_token() -> None:
    answer = estimate_serving(job(output_len=1, batch=1, scenario="static"), TABLES)
    assert answer.tpot_s is None
    assert isnan(answer.run.tpot_s)


def test_search_agrees_with_trying_every_way_one_by_one() -> None:
    question = job(model=load_catalogue().model("llama3-70b"), count=4, concurrency=None)
    plan = plan_serving(question, TABLES)
    best = 0.0
    era = choose_era("", TABLES).era
    for precision in ("bf16", "fp8"):
        for tp, pp, ep in splits_of(question):
            engine = Engine(question.model, H100, precision, precision, tp=tp, pp=pp, ep=ep)
            for batch in BATCHES:
                for step in STEP_TOKENS:
                    run = run_inflight(
                        engine,
                        era,
                        input_tokens=1000,
                        output_tokens=1000,
                        batch=batch,
                        requests=10 * batch,
                        step_tokens=step,
                    )
                    if bool(run.possible & run.memory.fits):
                        best = max(best, float(run.output_tokens_per_s) * (4 // (tp * pp)))
    together = [entry for entry in plan.pareto if not entry.prefill_replicas]
    assert max(entry.output_tokens_per_s for entry in together) <= best * (1 + 1e-9)
    assert plan.best.output_tokens_per_s >= best * (1 - 1e-9)


def test_limits_hold_and_loosening_them_never_costs() -> None:
    question = job(model=load_catalogue().model("llama3-70b"), count=8)
    tight = plan_serving(question, TABLES, tpot_limit_s=0.02, ttft_limit_s=2.0)
    assert tight.best.tpot_s <= 0.02
    assert tight.best.ttft_s <= 2.0
    loose = plan_serving(question, TABLES)
    assert loose.best.output_tokens_per_s >= tight.best.output_tokens_per_s
    with pytest.raises(LockgateError, match="no layout keeps the limits"):
        plan_serving(question, TABLES, tpot_limit_s=1e-6)
    with pytest.raises(LockgateError, match="in no layout"):
        plan_serving(job(model=load_catalogue().model("llama3.1-405b"), count=1), TABLES)


def test_a_queue_fills_with_the_load_and_breaks_at_capacity() -> None:
    engine = Engine(load_catalogue().model("llama3-70b"), H100, "fp8", "fp8", tp=4)
    loads = [
        operate_at(engine, ERA, arrivals_per_s=rate, input_tokens=1000, output_tokens=500)
        for rate in (0.1, 1.0, 4.0, 100.0)
    ]
    assert [load.stable for load in loads] == [True, True, True, False]
    assert loads[0].in_flight < loads[1].in_flight < loads[2].in_flight
    assert loads[0].ttft_s < loads[2].ttft_s
    assert loads[0].tpot_s <= loads[2].tpot_s
    # Little's law, but for the step in progress.
    stay = loads[1].ttft_s + 499 * loads[1].tpot_s
    assert loads[1].in_flight == pytest.approx(stay, rel=0.15)
    found = most_under_limits(engine, ERA, input_tokens=1000, output_tokens=500, tpot_limit_s=0.03)
    assert found is not None
    assert float(found[1].tpot_s) <= 0.03


def test_experts_spread_over_ranks_with_attention_apart() -> None:
    deepseek = load_catalogue().model("deepseek-v3")
    answer = estimate_serving(job(model=deepseek, hardware=H200, count=8, tp=1, ep=8), TABLES)
    assert answer.settled.replicas == 1
    assert answer.fits
    assert answer.breakdown["decode"]["communication"] > 0
    with pytest.raises(InvalidInputError, match="no experts"):
        estimate_serving(job(count=2, tp=1, ep=2), TABLES)


def test_inline_models_serve() -> None:
    small = parse_model('{"layers": 12, "hidden": 768, "heads": 12}')
    answer = estimate_serving(job(model=small, concurrency=1), TABLES)
    assert answer.output_tokens_per_s.value > 100


def test_weights_stored_narrower_than_they_multiply_are_read_narrower() -> None:
    a100 = chip("a100-sxm-80")
    wide, narrow = (
        estimate_serving(
            job(hardware=a100, precision=form, kv_precision="bf16", concurrency=1), TABLES
        ).tpot_s
        for form in ("bf16", "int4")
    )
    assert wide is not None
    assert narrow is not None
    assert narrow.value < 0.6 * wide.value


def test_answers_are_quick_enough_to_ask_thousands() -> None:
    import time

    questions = [job(input_len=length) for length in (100, 500, 1000, 2000) for _ in range(10)]
    estimate_serving(questions[0], TABLES)
    start = time.process_time()
    for question in questions:
        estimate_serving(question, TABLES)
    assert (time.process_time() - start) / len(questions) < 0.003
    start = time.process_time()
    plan_serving(job(model=load_catalogue().model("deepseek-v3"), hardware=H200, count=8), TABLES)
    assert time.process_time() - start < 1.0
