import sys
from pathlib import Path

import pytest

from lockgate.base.errors import LockgateError
from lockgate.capability.hardware import hardware_from_chip
from lockgate.capability.kernel_fit import KernelFit
from lockgate.catalogue import load_catalogue
from lockgate.services.calibrate import CalibrationResult, chip_from_device, open_torch, write_calibration


def test_without_torch_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(LockgateError, match="not installed"):
        open_torch()


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cuda:
        @staticmethod
        def is_available() -> bool:
            return False

    class Torch:
        cuda = Cuda

    monkeypatch.setitem(sys.modules, "torch", Torch)
    with pytest.raises(LockgateError, match="no GPU"):
        open_torch()


@pytest.mark.parametrize(
    ("device", "chip"),
    [("NVIDIA H100 80GB HBM3", "h100-sxm"), ("NVIDIA H100 PCIe", "h100-pcie"), ("NVIDIA H200", "h200-sxm"),
     ("NVIDIA L40S", "l40s"), ("NVIDIA A100-SXM4-80GB", "a100-sxm-80"), ("NVIDIA B200", "b200")],
)  # fmt: skip
def test_the_name_of_the_driver(device: str, chip: str) -> None:
    assert chip_from_device(device, load_catalogue()) == chip


def test_an_unknown_device_is_asked_for() -> None:
    with pytest.raises(LockgateError, match="--chip"):
        chip_from_device("Voodoo 2", load_catalogue())


def test_a_written_calibration_lies_over_ours(tmp_path: Path) -> None:
    shipped = load_catalogue().calibration("kernels")["chips"]["h100-sxm"]
    record = {**shipped, "source": "own-measurement", "elementwise_memory_fraction": 0.5}
    fit = KernelFit({"compute_fraction": 0.7}, 0.05, 0.1, 100)
    path = write_calibration(CalibrationResult("h800-sxm", "NVIDIA H800", {"copy": fit}, record), tmp_path)
    assert path.is_file()
    catalogue = load_catalogue(tmp_path)
    chip = hardware_from_chip(catalogue.chip("h800-sxm"), catalogue.calibration("kernels"))
    assert chip.kernels.basis == "measured"
    assert chip.kernels.elementwise_memory_fraction == 0.5
    plain = hardware_from_chip(catalogue.chip("h800-sxm"), load_catalogue().calibration("kernels"))
    assert plain.kernels.basis == "same-silicon"
