import pytest

from lockgate.capability.eras import training_era
from lockgate.catalogue.calibration import read_calibration

TABLE = read_calibration("training")


@pytest.mark.parametrize(
    ("framework", "chip", "era", "known"),
    [
        ("mlperf v3.1", "h100-sxm", "mlperf-v3-1", True), ("MLPerf Training v3.0", "h100-sxm", "mlperf-v3-0", True),
        ("mlperf v4.1", "h100-sxm", "mlperf-v3-1", False), ("mlperf", "h100-sxm", "mlperf-v3-1", True),
        ("nemo 24.07", "h100-sxm", "nemo-24-07", True), ("NeMo 24.05", "h100-sxm", "nemo-24-07", False),
        ("dgx cloud v24.11.1", "h100-sxm", "dgx-cloud-24-11", True), ("dgxc 25.04.02", "h100-sxm", "dgx-cloud-25-04", True),
        ("dgx-cloud", "h100-sxm", "dgx-cloud-25-04", True), ("megatron-bridge 26.02.01", "h100-sxm", "megatron-bridge", True),
        ("NVIDIA DGXC benchmarking recipe llama3.1/README_8b.md v24.11.1", "h100-sxm", "dgx-cloud-24-11", True),
        ("Megatron-Bridge (NeMo container 26.06)", "h100-sxm", "megatron-bridge", True),
        ("megatron-bridge", "b200", "megatron-bridge", True), ("megatron-bridge 27.01", "b200", "megatron-bridge", False),
        ("nemo 25.11", "h100-sxm", "megatron-bridge", True), ("megatron-lm", "a100-sxm-80", "megatron-lm-a100", True),
        ("megatron-lm 2021", "a100-sxm-80", "megatron-lm-2021", True), ("megatron-lm", "h100-sxm", "pooled", False),
        ("", "h100-sxm", "pooled", False), ("torchtitan 0.1", "h100-sxm", "pooled", False),
    ],
)  # fmt: skip
def test_each_framework_finds_its_era(framework: str, chip: str, era: str, known: bool) -> None:
    found = training_era(framework, TABLE, chip_id=chip)
    assert (found.id, found.known) == (era, known)


def test_what_was_not_measured_is_wider() -> None:
    measured, nearest, unknown = (
        training_era(name, TABLE).sd for name in ("mlperf v3.1", "mlperf v4.1", "x")
    )
    assert measured < unknown
    assert measured < nearest


def test_only_old_eras_write_their_scores() -> None:
    unfused = {name for name, record in TABLE["eras"].items() if not record.get("fused_attention", True)}
    assert unfused == {"megatron-lm-a100", "megatron-lm-2021"}
