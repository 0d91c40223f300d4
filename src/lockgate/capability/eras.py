"""Framework eras: what a release of a training framework does, and how much slower it is than its kernels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot
from typing import Any

# Standard deviation, in the logarithm, added where a release was not measured and the nearest stands in.
NEAREST_SD = 0.05


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
    source: str = ""
    note: str = ""


def training_era(framework: str, table: Mapping[str, Any], *, chip_id: str = "") -> Era:
    """The era a framework's name and version belong to.

    A version that was not measured takes the nearest era of its framework and a wider interval; no version, the latest;
    an unknown framework, the mean of all eras with their spread.

    Args:
        framework: Such as ``nemo 24.07`` or ``mlperf v3.1``; empty for today's.
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
    found = {
        name: record
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
    for name, record in found.items():
        if any(f"{asked}.".startswith(f"{known}.") for asked in versions for known in record["versions"]):
            return _era(name, record)
    asked = versions[-1]
    nearest = min(
        found, key=lambda name: min(abs(_number(asked) - _number(known)) for known in found[name]["versions"])
    )
    era = _era(nearest, found[nearest])
    return replace(era, known=False, sd=hypot(era.sd, NEAREST_SD))


def _era(name: str, record: Mapping[str, Any]) -> Era:
    own = {key: value for key, value in record.items() if key not in ("frameworks", "versions", "chips")}
    return Era(id=name, **own)


def _number(version: str) -> float:
    """A version as a number: the second part counts hundredths (months, where the first is a year)."""
    parts = [int(part) for part in version.split(".")]
    return parts[0] + (parts[1] / 100 if len(parts) > 1 else 0.0)
