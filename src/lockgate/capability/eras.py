"""Framework eras: what a release of a training framework does, and how much slower it is than its kernels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot
from typing import Any

# Settings that a framework's name may be followed by, and what they change: first how much of a layer with experts the host
# still launches, then what runs beside it.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "launched": {
        "described": True,
        "expert_launched": 1.0,
        "expert_fused": False,
        "expert_overlapped": False,
    },
    "router-graphed": {
        "described": True,
        "expert_launched": 0.9,
        "expert_fused": False,
        "expert_overlapped": False,
    },
    "graphed": {"described": True, "expert_launched": 0.4, "expert_fused": False, "expert_overlapped": False},
    "recorded": {"described": True, "expert_launched": 0.0, "expert_fused": True, "expert_overlapped": True},
    "overlapped": {"described": True, "expert_overlapped": True},
    "alltoall": {"expert_copies": True},
    "attention-fp8": {"attention_fp8": True},
}

# Standard deviation, in the logarithm, added where a release was not measured and the nearest stands in.
NEAREST_SD = 0.05

# The same where a framework was not measured and nobody says with which settings a mixture of experts runs: half the
# logarithm of 1.77, the most that settings changed the same run by (Megatron-Bridge, Qwen3 30B, 26.02 and 26.02.01).
SETTINGS_SD = 0.28


@dataclass(frozen=True, slots=True)
class Era:
    """A span of releases of one framework whose results belong together.

    Attributes:
        id: Such as ``nemo-24-07``.
        factor: Step time over what its kernels alone would take: the one fitted parameter of an era.
        sd: Standard deviation of the logarithm of that factor.
        known: False where the framework or its release was not measured and the nearest, or the mean, stands in.
        fused_attention: Scores never leave the chip; before 2023 they did.
        gradient_byte: Per parameter, as kept and reduced.
        optimizer_byte: Per parameter: 32-bit weights and two moments; 10 where only the remainder of a weight is kept.
        sequence_parallel: Norms and dropouts split among tensor-parallel ranks.
        expert_launched: Share of the host's work for layers with experts that is not recorded as graphs beforehand.
        expert_fused: Activation and casts of experts happen inside their matrix products.
        expert_overlapped: Experts' tokens travel beside the compute of another microbatch.
        expert_copies: A token crosses the network once for each of its experts, not once for each node that has some.
        attention_fp8: Attention multiplies in 8 bit.
        two_directions: Microbatches enter the pipeline at both ends, so that every chip holds two stages.
        described: Its name says how experts are run.
        activation_fp8: What the activation function of an MLP reads is kept in 8 bit.
        source: Source id of the measurements the factor rests on.
        note: What else sets it apart.
    """

    id: str
    factor: float
    sd: float
    known: bool = True
    fused_attention: bool = True
    gradient_byte: float = 2.0
    optimizer_byte: float = 12.0
    sequence_parallel: bool = True
    expert_launched: float = 1.0
    expert_fused: bool = False
    expert_overlapped: bool = False
    expert_copies: bool = False
    attention_fp8: bool = False
    two_directions: bool = False
    activation_fp8: bool = False
    described: bool = False
    source: str = ""
    note: str = ""


def training_era(framework: str, table: Mapping[str, Any], *, chip_id: str = "") -> Era:
    """The era a framework's name and version belong to.

    A version that was not measured takes the nearest era of its framework and a wider interval; no version, the latest;
    an unknown framework, the mean of all eras with their spread.

    Args:
        framework: Such as ``nemo 24.07`` or ``mlperf v3.1``; empty for today's. Words of ``SETTINGS`` may follow.
        table: The calibration ``training`` as read.
        chip_id: Of the chip: some eras are over for newer chips.

    >>> from lockgate.catalogue.calibration import read_calibration
    >>> table = read_calibration("training")
    >>> [training_era(name, table).id for name in ("MLPerf v3.1", "nemo 24.07", "homemade")]
    ['mlperf-v3-1', 'nemo-24-07', 'pooled']
    >>> training_era("mlperf v4.1", table).known
    False
    """
    told = " ".join(framework.lower().replace("_", "-").split())
    era = _named_era(told, table, chip_id)
    for word, change in SETTINGS.items():
        if word in told.split():
            era = replace(era, **change)
    return era


def _named_era(told: str, table: Mapping[str, Any], chip_id: str) -> Era:
    found = {
        name: table["eras"].get(record.get("like"), {}) | record
        for name, record in table["eras"].items()
        if any(word in told for word in record["frameworks"])
        and ("chips" not in record or any(chip_id.startswith(chip) for chip in record["chips"]))
    }
    if not found:
        return Era(id="pooled", known=False, **table["pooled"])
    versions = re.findall(r"\d+(?:\.\d+)*", told)
    if not versions:
        latest = max(found, key=lambda name: max(map(_number, found[name]["versions"])))
        return _era(latest, found[latest])
    # what sets some runs of an era apart is named more closely
    for name, record in sorted(found.items(), key=lambda item: "like" not in item[1]):
        if any(f"{asked}.".startswith(f"{known}.") for asked in versions for known in record["versions"]):
            return _era(name, record)
    asked = versions[-1]
    nearest = min(
        found, key=lambda name: min(abs(_number(asked) - _number(known)) for known in found[name]["versions"])
    )
    era = _era(nearest, found[nearest])
    return replace(era, known=False, sd=hypot(era.sd, NEAREST_SD))


def _era(name: str, record: Mapping[str, Any]) -> Era:
    own = {
        key: value for key, value in record.items() if key not in ("frameworks", "versions", "chips", "like")
    }
    return Era(id=record.get("like", name), **own)


def _number(version: str) -> float:
    """A version as a number: the second part counts hundredths (months, where the first is a year)."""
    parts = [int(part) for part in version.split(".")]
    return parts[0] + (parts[1] / 100 if len(parts) > 1 else 0.0)
