"""Hardware with round numbers, so that tests do not hang on the catalogue."""

from dataclasses import dataclass, field

from lockgate.capability.hardware import Hardware, hardware_from_chip
from lockgate.catalogue.calibration import read_calibration


@dataclass(frozen=True)
class PlainChip:
    id: str = "h100-sxm"
    name: str = "H100 SXM"
    architecture: str = "Hopper GH100"
    dram_capacity_byte: float | None = 80 * 2**30
    dram_bandwidth_byte_per_s: float | None = 3.35e12
    chip_link_bandwidth_byte_per_s: float | None = 900e9
    pcie_bandwidth_byte_per_s: float | None = 128e9
    power_w: float | None = 700
    peak_flop_per_s: dict[str, float] = field(
        default_factory=lambda: {"bf16": 989.5e12, "fp16": 989.5e12, "fp8": 1979e12, "int8": 1979e12}
    )


def hardware(**changes: object) -> Hardware:
    return hardware_from_chip(PlainChip(**changes), read_calibration("kernels"))  # type: ignore[arg-type]
