"""What a chip can do: operators, layers, layouts, training, serving, fleets, calibration.

The names below are the library's surface; each takes numbers or numpy arrays and gives the same back.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.capability.estimate import Estimate, Interval
    from lockgate.capability.goodput import estimate_goodput
    from lockgate.capability.hardware import Hardware, hardware_from_chip
    from lockgate.capability.layout import Layouts, is_possible
    from lockgate.capability.operators import (
        all_gather_time_s,
        all_reduce_time_s,
        all_to_all_time_s,
        decode_attention_time_s,
        elementwise_time_s,
        gemm_time_s,
        grouped_gemm_time_s,
        prefill_attention_time_s,
        send_time_s,
    )
    from lockgate.capability.search import candidate_layouts, plan_training, predict_many
    from lockgate.capability.serving import run_inflight, run_static
    from lockgate.capability.serving_answers import estimate_serving
    from lockgate.capability.serving_eras import choose_era
    from lockgate.capability.serving_jobs import ServingJob
    from lockgate.capability.serving_memory import Engine
    from lockgate.capability.serving_search import plan_serving
    from lockgate.capability.training import model_flop_per_token, predict_steps, training_run
    from lockgate.capability.training_jobs import TrainingJob, answer_job

# Name -> module, read when the name is first asked for: numpy costs a tenth of a second.
_HOMES = {
    "Estimate": "estimate", "Interval": "estimate", "estimate_goodput": "goodput", "Hardware": "hardware",
    "hardware_from_chip": "hardware", "Layouts": "layout", "is_possible": "layout", "all_gather_time_s": "operators",
    "all_reduce_time_s": "operators", "all_to_all_time_s": "operators", "decode_attention_time_s": "operators",
    "elementwise_time_s": "operators", "gemm_time_s": "operators", "grouped_gemm_time_s": "operators",
    "prefill_attention_time_s": "operators", "send_time_s": "operators", "candidate_layouts": "search",
    "plan_training": "search", "predict_many": "search", "estimate_serving": "serving_answers",
    "ServingJob": "serving_jobs", "run_inflight": "serving", "run_static": "serving", "choose_era": "serving_eras",
    "Engine": "serving_memory", "plan_serving": "serving_search", "model_flop_per_token": "training",
    "predict_steps": "training", "training_run": "training", "TrainingJob": "training_jobs", "answer_job": "training_jobs",
}  # fmt: skip

__all__ = [
    "Engine",
    "Estimate",
    "Hardware",
    "Interval",
    "Layouts",
    "ServingJob",
    "TrainingJob",
    "all_gather_time_s",
    "all_reduce_time_s",
    "all_to_all_time_s",
    "answer_job",
    "candidate_layouts",
    "choose_era",
    "decode_attention_time_s",
    "elementwise_time_s",
    "estimate_goodput",
    "estimate_serving",
    "gemm_time_s",
    "grouped_gemm_time_s",
    "hardware_from_chip",
    "is_possible",
    "model_flop_per_token",
    "plan_serving",
    "plan_training",
    "predict_many",
    "predict_steps",
    "prefill_attention_time_s",
    "run_inflight",
    "run_static",
    "send_time_s",
    "training_run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"lockgate.capability.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
