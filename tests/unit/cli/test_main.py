"""What holds for every command: help, exit codes, no traceback for bad input, a reference number for a defect."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.cli import main, session

LOCKGATE = [sys.executable, "-m", "lockgate"]


def cpu_seconds(*arguments: str) -> float:
    """User and system time of one run of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*LOCKGATE, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.parametrize(("arguments", "limit"), [(("--help",), 0.3), (("chip", "h200-sxm"), 0.6)])
def test_an_answer_costs_little(arguments: tuple[str, ...], limit: float) -> None:
    assert min(cpu_seconds(*arguments) for _ in range(3)) <= limit


def run_with(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["lockgate", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.run()
    return int(ended.value.code or 0)


def test_version_and_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_with(["--version"], monkeypatch) == 0
    assert capsys.readouterr().out.startswith("lockgate 0.")
    assert run_with(["--help"], monkeypatch) == 0
    assert "chips" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["chip"], ["chips", "--colour"], ["chip", "nope"], ["--data", "/nope", "chips"]],
)
def test_bad_input_ends_with_2_and_no_traceback(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(session.DATA_VARIABLE, "")  # so that what --data sets is undone
    assert run_with(arguments, monkeypatch) == main.EXIT_BAD_INPUT
    shown = capsys.readouterr()
    assert shown.err
    assert "Traceback" not in shown.err


def test_every_problem_is_printed_with_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [
        LockgateError("one", code="a", where=("rows", 3), hint="do this"),
        LockgateError("two", code="b"),
    ]
    main.report_problems(InvalidInputError(problems))
    assert capsys.readouterr().err == "error: rows[3]: one\n  hint: do this\nerror: two\n"


@pytest.mark.parametrize("writable", [True, False])
def test_a_defect_has_a_reference_and_a_report(
    *, writable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("our own fault")

    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("LOCKGATE_STATE", str(tmp_path / "state" if writable else blocked / "below"))
    monkeypatch.setattr(main, "app", fail)
    assert run_with([], monkeypatch) == main.EXIT_DEFECT
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    assert "our own fault" not in shown
    reports = list((tmp_path / "state").glob("*.log"))
    if writable:
        (report,) = reports
        assert report.stem.removeprefix("defect-") in shown
        assert "our own fault" in report.read_text()
    else:
        assert "no report could be written" in shown


def test_the_state_folder_follows_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from lockgate.cli.defects import state_folder

    monkeypatch.delenv("LOCKGATE_STATE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "lockgate"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_folder() == Path.home() / ".local" / "state" / "lockgate"


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lockgate.services.chips.find_chips", interrupted)
    monkeypatch.setattr("lockgate.cli.chips.open_catalogue", lambda: None)
    assert run_with(["chips"], monkeypatch) == main.EXIT_INTERRUPTED
    monkeypatch.setattr(main, "app", interrupted)
    assert run_with(["chips"], monkeypatch) == main.EXIT_INTERRUPTED


def test_a_closed_pipe_is_no_traceback() -> None:
    done = subprocess.run(
        [
            "/bin/bash",
            "-c",
            f"{sys.executable} -m lockgate chips --json | head -n 1; exit ${{PIPESTATUS[0]}}",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert done.stdout.startswith("[")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "count", "offered"),
    [("lockgate ch", "1", {"chip", "chips"}), ("lockgate chip h20", "2", {"h200-sxm", "h20-96"})],
)
def test_completion_is_offered(words: str, count: str, offered: set[str]) -> None:
    done = subprocess.run(
        LOCKGATE, capture_output=True, text=True,
        env={**os.environ, "_LOCKGATE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": count},
    )  # fmt: skip
    assert offered <= set(done.stdout.split())


@pytest.mark.parametrize(
    ("given", "hoisted"),
    [
        (["chips", "--data=x", "--json"], ["--data=x", "chips", "--json"]),
        (["--data"], ["--data"]),
        (["a", "--", "--data", "x"], ["a", "--", "--data", "x"]),
    ],
)
def test_data_may_stand_anywhere(given: list[str], hoisted: list[str]) -> None:
    assert main.hoist_data_option(given) == hoisted


def test_json_knows_our_kinds_and_refuses_others() -> None:
    import datetime as dt

    assert session.as_plain(dt.date(2026, 1, 28)) == "2026-01-28"
    assert session.as_plain(__import__("types").MappingProxyType({"a": 1})) == {"a": 1}
    with pytest.raises(TypeError, match="no plain data"):
        session.as_plain(object())
