"""Framework eras: what a release of a training or serving framework does, and how much slower it is than its kernels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Era:
    """A span of releases of one framework whose results belong together.

    Attributes:
        id: Such as ``nemo-24.07``.
        factor: Step time over what its kernels alone would take: the one fitted parameter of an era.
        sd: Standard deviation of the logarithm of that factor.
        known: False where the framework or its release was not seen and the pooled factor stands in.
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
    """The era a framework's name and version belong to; an unknown one gets the pooled factor and a wider interval.

    Args:
        framework: Such as ``nemo 24.07`` or ``mlperf v3.1``; empty for today's.
        table: The calibration ``training`` as read.
        chip_id: Of the chip: before fused attention means, without a version, the chips of that time.
    """
    told = " ".join([*framework.lower().replace("_", "-").split(), chip_id])
    best: tuple[int, str] | None = None
    for name, record in table["eras"].items():
        for word in record["match"]:
            if word in told and (best is None or len(word) > best[0]):
                best = (len(word), name)
    if best is None:
        return Era(id="pooled", known=False, **table["pooled"])
    record = {key: value for key, value in table["eras"][best[1]].items() if key != "match"}
    return Era(id=best[1], **record)
