import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import LockgateError
from lockgate.capability.hardware import hardware_from_chip
from lockgate.capability.kernel_fit import KernelFit
from lockgate.catalogue import load_catalogue
from lockgate.cli.main import app
from lockgate.services.calibrate import (
    CalibrationResult,
    calibrate,
    chip_from_device,
    open_torch,
    write_calibration,
)
from lockgate.services.estimate import estimate_job
from tests.unit.services.fake_torch import TRUTH, FakeTorch


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


@pytest.fixture(scope="module")
def measured() -> CalibrationResult:
    return calibrate(load_catalogue(), None, FakeTorch())


def test_what_a_device_reaches_is_found_again(measured: CalibrationResult) -> None:
    assert measured.chip == "h100-sxm"
    for name in ("bf16", "fp8"):
        fit = measured.fits[f"gemm.{name}"]
        assert fit.parameters["compute_fraction"] == pytest.approx(TRUTH["compute"], rel=0.05)
        assert fit.parameters["memory_fraction"] == pytest.approx(TRUTH["memory"], rel=0.10)
        assert fit.median_error < 0.05
    assert measured.fits["attention"].parameters["compute_fraction"] == pytest.approx(
        TRUTH["attention"], rel=0.08
    )
    assert measured.fits["attention.backward"].parameters["compute_fraction"] == pytest.approx(
        TRUTH["backward"], rel=0.08
    )
    assert measured.fits["copy"].parameters["elementwise_memory_fraction"] == pytest.approx(
        TRUTH["copy"], rel=0.05
    )
    assert measured.fits["decode.bf16"].parameters["memory_fraction"] == pytest.approx(
        TRUTH["decode"], rel=0.08
    )


def test_a_measured_machine_changes_what_estimate_says(measured: CalibrationResult, tmp_path: Path) -> None:
    write_calibration(measured, tmp_path)
    own = load_catalogue(tmp_path)
    kernels = own.calibration("kernels")["chips"]["h100-sxm"]
    assert kernels["source"] == "own-measurement"
    for job, figure, slower in (
        ({"kind": "train", "model": "llama3-8b", "count": 8, "precision": "bf16"}, "step_time_s", 1.1),
        ({"kind": "serve", "model": "llama3-8b", "count": 1, "input_len": 128, "output_len": 2048}, "output_tokens_per_s", 0.98),
    ):  # fmt: skip
        asked = job | {"chip": "h100-sxm"}
        ours, theirs = (
            estimate_job(asked, catalogue)[figure]["value"] for catalogue in (load_catalogue(), own)
        )
        assert (theirs / ours > slower) is (figure == "step_time_s")
    # what was not measured keeps its class, and other chips keep theirs
    assert (
        own.calibration("kernels")["chips"]["b200"]
        == load_catalogue().calibration("kernels")["chips"]["b200"]
    )


def test_a_chip_without_tables_is_measured_from_then_on(tmp_path: Path) -> None:
    result = calibrate(load_catalogue(), "h800-sxm", FakeTorch("NVIDIA H800"))
    write_calibration(result, tmp_path)
    answer = estimate_job(
        {"kind": "train", "model": "llama3-8b", "chip": "h800-sxm", "count": 8}, load_catalogue(tmp_path)
    )
    assert answer["calibration"]["kernels"] == "measured"
    assert answer["calibration"]["kernels_of"] == "h800-sxm"


def test_the_command_measures_writes_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "torch", FakeTorch())
    told = CliRunner().invoke(app, ["calibrate", "--into", str(tmp_path)])
    assert told.exit_code == 0, told.output
    assert "h100-sxm: written to" in told.output
    assert (tmp_path / "calibration" / "kernels.toml").is_file()
