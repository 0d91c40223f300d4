"""The serving model against the measured runs that ship with it: errors, bias and coverage, in and out of sample."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lockgate.capability.estimate import Estimate
from lockgate.capability.serving import era_weights
from lockgate.capability.serving_answers import ServingAnswer, estimate_serving
from lockgate.capability.serving_calibration import LeftOut, fit_weights, half_widths, leave_out
from lockgate.catalogue import Catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.services.jobs import read_job
from lockgate.services.serving import serving_job

Floats = NDArray[np.float64]

_JOB_COLUMNS = (
    "model", "chip", "count", "precision", "tp", "ep", "input_len", "output_len", "batch", "concurrency", "requests", "scenario", "framework",
)  # fmt: skip
# Metrics that are times, not rates.
TIMES = ("ttft_s", "tpot_s")
# Which of kernel factor, sampling, synchronisation and host time each family fits; the rest stay as in its era.
FITTED: Mapping[str, tuple[bool, bool, bool, bool]] = {
    "trtllm-0.17": (True, True, True, False),
    "trtllm-0.11": (True, True, True, False),
    "trtllm-0.20-0.21": (True, True, True, False),
    "trtllm-1.2": (True, True, True, False),
    "trtllm-static": (True, True, True, True),
    "mlperf-bert": (True, False, False, False),
    "mlperf-gptj": (True, False, False, False),
}


@dataclass(frozen=True, slots=True)
class ServingCase:
    """A measured run beside its prediction.

    Attributes:
        row: As shipped.
        answer: With the shipped parameters.
        measured: In the row's own metric.
        predicted: The same metric.
        features_s: What the predicted duration is made of.
        measured_s: The duration measured, in the unit of the features.
    """

    row: Mapping[str, str]
    answer: ServingAnswer
    measured: float
    predicted: float
    features_s: Floats
    measured_s: float

    @property
    def estimate(self) -> Estimate:
        """The prediction with its intervals."""
        return _ESTIMATES[self.row["metric"]](self.answer)

    @property
    def family(self) -> str:
        """The family the run belongs to."""
        return self.row["family"]


def serving_cases(catalogue: Catalogue, families: Sequence[str] = ()) -> list[ServingCase]:
    """Every shipped measured run of serving, predicted.

    Args:
        catalogue: For the chips.
        families: Only these; all if empty.
    """
    tables = catalogue.calibration("serving")
    cases = []
    for row in read_measurements("serving_throughput"):
        if row["excluded"] or (families and row["family"] not in families):
            continue
        job = serving_job(read_job({"kind": "serve"} | {name: row[name] for name in _JOB_COLUMNS}), catalogue)
        answer = estimate_serving(job, tables)
        predicted = _ESTIMATES[row["metric"]](answer).value
        measured = float(row["value"])
        features = np.asarray(answer.run.features_s, float)
        seconds = float(era_weights(answer.settled.era.era) @ features)
        rate = row["metric"] not in TIMES
        cases.append(
            ServingCase(
                row, answer, measured, predicted, features,
                seconds * (predicted / measured if rate else measured / predicted),
            )
        )  # fmt: skip
    return cases


def _between_tokens(answer: ServingAnswer) -> Estimate:
    if answer.tpot_s is None:
        raise AssertionError
    return answer.tpot_s


_ESTIMATES: Mapping[str, Callable[[ServingAnswer], Estimate]] = {
    "output_tokens_per_s": lambda answer: answer.output_tokens_per_s,
    "requests_per_s": lambda answer: answer.requests_per_s,
    "ttft_s": lambda answer: answer.ttft_s,
    "tpot_s": _between_tokens,
}


@dataclass(frozen=True, slots=True)
class Refit:
    """An era's parameters fitted anew to the runs of its family.

    Attributes:
        family: The runs.
        weights: Kernel factor, and seconds of sampling, synchronisation and host time.
        half_50: Of runs left out, chips and models in turn.
        half_90: The same.
        left_out: By what was left out: ``chip`` or ``model``.
    """

    family: str
    weights: Floats
    half_50: float
    half_90: float
    left_out: Mapping[str, LeftOut]


def refit(cases: Sequence[ServingCase]) -> Refit:
    """Fit the parameters of one family, and again without each chip and each model.

    Args:
        cases: All of one family.
    """
    family = cases[0].family
    features = np.array([case.features_s for case in cases]).T
    measured = np.array([case.measured_s for case in cases])
    free = FITTED.get(family, (False,) * 4)
    era = era_weights(cases[0].answer.settled.era.era)
    fixed = np.where(np.asarray(free), 0.0, era)
    weights = fit_weights(features, measured, free=free, fixed=fixed)
    left = {
        word: leave_out(features, measured, labels, free=free, fixed=fixed)
        for word in ("chip", "model")
        if len(set(labels := [case.row[word] for case in cases])) > 1
    }
    if left:
        half_50, half_90 = half_widths(np.concatenate([item.log_error for item in left.values()]))
    else:  # one chip and one model: what is added for others is the era's `unseen_chip`
        half_50, half_90 = half_widths(np.log(weights @ features / measured))
    return Refit(family, weights, half_50, half_90, left)
