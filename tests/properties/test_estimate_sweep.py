"""Any job answers finite numbers in order, or says what is wrong with it."""

from math import isfinite
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.base.errors import LockgateError
from lockgate.catalogue import load_catalogue
from lockgate.services.estimate import estimate_job

CATALOGUE = load_catalogue()
CHIPS = [chip.id for chip in CATALOGUE.chips() if any(chip.peak_flop_per_s.values())]
MODELS = [model.id for model in CATALOGUE.models()]


def _maybe(*values: object) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *values])


COMMON = {
    "model": st.sampled_from(MODELS),
    "chip": st.sampled_from(CHIPS),
    "count": st.sampled_from([1, 2, 4, 8, 16, 24, 256, 1024]),
    "tp": _maybe(1, 2, 3, 4, 8),
    "pp": _maybe(1, 2, 4, 8),
    "ep": _maybe(1, 8),
    "precision": _maybe("bf16", "fp8", "int8", "fp4", "fp16", "fp32"),
}
TRAIN = st.fixed_dictionaries(
    {
        "kind": st.just("train"),
        **COMMON,
        "framework": _maybe("megatron-lm 2021", "nemo 24.07", "megatron-bridge 26.02 overlapped", "deepseek", "none of these"),
        "cp": _maybe(1, 2),
        "seq_len": _maybe(1024, 32768),
        "recompute": _maybe("none", "selective", "full"),
        "zero": _maybe(0, 1, 2, 3),
        "tokens": _maybe(1e12),
        "micro_batch": _maybe(1, 4),
    }
)  # fmt: skip
SERVE = st.fixed_dictionaries(
    {
        "kind": st.just("serve"),
        **COMMON,
        "framework": _maybe("tensorrt-llm 0.5", "tensorrt-llm 1.2", "vllm 0.9", "mlperf v3.1", "none of these"),
        "scenario": _maybe("static", "inflight", "offline", "server"),
        "input_len": _maybe(1, 128, 100_000),
        "output_len": _maybe(1, 128, 2048),
        "batch": _maybe(1, 64),
        "concurrency": _maybe(1, 16, 500),
        "arrival_per_s": _maybe(0.5, 50),
        "kv_precision": _maybe("fp8", "bf16"),
    }
)  # fmt: skip
FIGURES = {
    "train": ("step_time_s", "tokens_per_s", "tokens_per_s_per_chip", "mfu_fraction"),
    "serve": ("output_tokens_per_s", "ttft_s", "tpot_s"),
}
# A flooded queue has no latency, one token nothing after it.
MAY_LACK = ("ttft_s", "tpot_s")


def answer_or_problems(asked: dict[str, Any]) -> dict[str, Any] | tuple[LockgateError, ...]:
    try:
        return estimate_job(asked, CATALOGUE)
    except LockgateError as error:
        return tuple(error.problems)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(TRAIN, SERVE))
def test_every_job_is_answered_in_order_or_told_what_is_wrong(job: dict[str, Any]) -> None:
    asked = {name: value for name, value in job.items() if value is not None}
    answer = answer_or_problems(asked)
    if isinstance(answer, tuple):
        assert answer
        assert [
            problem.message for problem in answer if not (problem.code and problem.message and problem.hint)
        ] == []
        return
    for name in FIGURES[job["kind"]]:
        figure = answer[name]
        if figure is None:
            assert name in MAY_LACK
            continue
        in_order = [
            figure["interval_90"][0], figure["interval_50"][0], figure["value"], figure["interval_50"][1], figure["interval_90"][1],
        ]  # fmt: skip
        assert in_order == sorted(in_order)
        assert all(isfinite(value) and value >= 0 for value in in_order)
    assert sum(answer["memory_byte"].values()) <= answer["memory_byte_per_chip"] * (1 + 1e-6)
    assert answer["bottleneck"]
    assert isinstance(answer["fits"], bool)
