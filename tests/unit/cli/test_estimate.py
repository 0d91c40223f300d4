"""``lockgate estimate``, ``plan`` and ``calibrate``."""

import csv
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.cli.main import app
from lockgate.cli.session import DATA_VARIABLE

TRAIN = ["--train", "gpt3-175b", "--on", "h200-sxm", "--count", "1024"]


@pytest.fixture(autouse=True)
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_flags_give_a_block_to_read() -> None:
    told = run("estimate", *TRAIN, "--tokens", "300e9", "--tp", "8", "--pp", "8")
    for word in ("step time", "90 %", "days", "GiB, fits", "bottleneck", "rests on", "interleave = 6"):
        assert word in told


def test_json_of_one_job_is_an_object_and_of_a_table_an_object_a_line(tmp_path: Path) -> None:
    one = json.loads(run("estimate", *TRAIN, "--tp", "8", "--pp", "8", "--json"))
    assert one["step_time_s"]["interval_90"][0] < one["step_time_s"]["value"]
    table = tmp_path / "rows.csv"
    table.write_text(
        "id,kind,model,chip,count,tp,pp\na,train,gpt3-175b,h200-sxm,1024,8,8\nb,train,llama3-8b,h100-sxm,8,1,1\n"
    )
    many = [json.loads(line) for line in run("estimate", str(table), "--json").splitlines()]
    assert [row["id"] for row in many] == ["a", "b"]
    assert many[0]["step_time_s"] == one["step_time_s"]
    out = tmp_path / "out.csv"
    run("estimate", str(table), "--out", str(out))
    with out.open() as stream:
        written = list(csv.DictReader(stream))
    assert float(written[0]["step_time_s"]) == one["step_time_s"]["value"]
    assert written[1]["model"] == "llama3-8b"


def test_a_table_with_a_bad_row_answers_the_others_and_ends_badly(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text(
        "id,kind,model,chip,count,tp\na,train,llama3-8b,h100-sxm,8,3\nb,train,llama3-8b,h100-sxm,8,1\n"
    )
    result = CliRunner().invoke(app, ["estimate", str(table), "--json"])
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", "b"]
    assert answers[0]["problems"][0]["code"] == "impossible-layout"
    assert answers[1]["fits"]
    assert isinstance(result.exception, InvalidInputError)
    assert result.exception.problems[0].path.startswith("rows[0].")


def test_plan_prints_the_best_the_front_and_why_others_lose() -> None:
    told = run("plan", *TRAIN, "--global-batch", "1024", "--seq-len", "2048")
    for word in ("searched", "front", "why others lose", "× the time"):
        assert word in told
    found = json.loads(
        run("plan", *TRAIN, "--global-batch", "1024", "--seq-len", "2048", "--tp", "4", "--json")
    )
    assert found["best"]["tp"] == 4
    assert found["pareto"][0]["step_time_s"] == found["best"]["step_time_s"]


@pytest.mark.parametrize("command", ["estimate", "plan"])
def test_no_job_is_said(command: str) -> None:
    with pytest.raises(LockgateError, match="no job given"):
        CliRunner().invoke(app, [command, "--count", "8"], catch_exceptions=False)


def test_a_job_file_with_flags_over_it(tmp_path: Path) -> None:
    job = tmp_path / "job.toml"
    job.write_text('kind = "train"\nmodel = "llama3-70b"\nchip = "h100-sxm"\ncount = 64\ntp = 4\npp = 4\n')
    plain = json.loads(run("estimate", str(job), "--json"))
    more = json.loads(run("estimate", str(job), "--on", "h200-sxm", "--json"))
    assert (plain["chip"], more["chip"]) == ("h100-sxm", "h200-sxm")


def test_calibrate_without_torch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(LockgateError, match="PyTorch"):
        CliRunner().invoke(app, ["calibrate"], catch_exceptions=False)
