import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockgate.cli.main import app

RUN = CliRunner()
KEYS = {
    "id", "on", "item", "tpp", "performance_density", "classification", "verdict", "gates", "charges", "missing", "citations"
}  # fmt: skip
ROW = 'id = "a"\nitem = "h200-sxm"\non = 2026-01-28\nkind = "export"\nfrom = "US"\nto = "CN"\nend_user = "ByteDance"\n'


def write(folder: Path, text: str, name: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_json_has_every_key_and_spelling(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["determine", write(tmp_path, ROW, "a.toml"), "--json"])
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert set(answer) >= KEYS
    export = answer["gates"]["us-export"]
    assert set(export) >= {
        "verdict", "licence_required", "licence_enforced", "basis", "exceptions", "review_policy", "conditions"
    }  # fmt: skip
    assert set(export["conditions"][0]) >= {"id", "status", "needs"}
    assert set(answer["gates"]["cn-import"]) >= {"verdict", "state"}
    assert set(answer["charges"]["us-section-232"]) >= {"applies", "rate_fraction"}
    assert answer["charges"]["us-section-232"]["rate_fraction"] == 0.25
    cited = {found["id"]: found for found in answer["citations"]}
    assert cited["us-ear.3a090.a"]["verification"] == "primary"
    assert all(found["document"] for found in cited.values())


def test_text_answers_first_then_reasons_then_what_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path, ROW, "a.toml")
    lines = RUN.invoke(app, ["determine", path]).stdout.splitlines()
    assert lines[0] == "a: UNDETERMINED"
    assert lines[3].startswith("  1. United States export")
    assert any(line.startswith("  missing: us_licence") for line in lines)
    assert any("more with --explain" in line for line in lines)
    explained = RUN.invoke(
        app, ["determine", path, "--explain", "--with-proposed", "--known-at", "2026-11-01"]
    ).stdout
    assert "reasoning:" in explained
    assert "here 15,832" in explained
    assert "as known on 2026-11-01" in explained
    assert "proposed: us-bill.safe-chips: would reach it: yes" in explained


def test_rows_that_cannot_be_answered_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "id,item,to,tpp\na,h200-sxm,CN,\nb,h200-sxm,ZZ,x\nc,,CN,5000\n", "a.csv")
    result = RUN.invoke(app, ["determine", path, "--json", "--on", "2024-06-01"])
    assert result.exit_code == 2
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["a", "c"]
    assert "row 2, column to: 'ZZ' is no country" in result.stderr
    assert "row 2, column tpp: 'x' is no number (a number" in result.stderr
    assert "1 of 3 rows could not be answered" in result.stderr


def test_several_rows_as_text(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "item,on\nt4,2020-01-01\nh200-sxm,2020-01-01\nmi308x,2024-01-01\n".replace("t4", "h100-sxm"),
        "a.csv",
    )
    result = RUN.invoke(app, ["determine", path])
    assert result.exit_code == 0
    assert "1: NOT_IN_FORCE" in result.stdout
    assert "none of 3A090" in result.stdout


def test_specifications_alone(tmp_path: Path) -> None:
    path = write(tmp_path, '{"tpp": 2000, "on": "2024-06-01", "datacenter": "yes", "to": "CN"}', "a.json")
    assert "classification: not determined (TPP 2,000)" in RUN.invoke(app, ["determine", path]).stdout


@pytest.mark.parametrize(
    "text", [ROW, json.dumps({"item": "h200-sxm", "to": "CN"}), "item,to\nh200-sxm,CN\n"]
)
def test_standard_input_in_any_format(text: str) -> None:
    result = RUN.invoke(app, ["determine", "-", "--json"], input=text)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["item"] == "h200-sxm"


def test_a_format_can_be_named() -> None:
    result = RUN.invoke(app, ["determine", "-", "--format", "csv", "--json"], input="item\nh200-sxm\n")
    assert json.loads(result.stdout)["item"] == "h200-sxm"


def test_no_rows(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["determine", write(tmp_path, "item\n", "a.csv")])
    assert result.exit_code == 0
    assert "no transactions" in result.stderr


@pytest.mark.parametrize("make", [lambda folder: folder / "absent.csv", lambda folder: folder])
def test_a_file_that_cannot_be_read(tmp_path: Path, make: object) -> None:
    assert callable(make)
    result = RUN.invoke(app, ["determine", str(make(tmp_path))])
    assert "cannot be read" in str(result.exception)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"item\n\xff\xfe\n")
    assert "not UTF-8" in str(RUN.invoke(app, ["determine", str(path)]).exception)


def test_rows_are_answered_as_they_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing waits for the end of the input: memory stays bounded."""
    from lockgate.cli.determine import determine_command

    def endless() -> Iterator[str]:
        for _ in range(3):
            yield "h200-sxm\n"
        raise KeyboardInterrupt

    class Stream:
        def readline(self) -> str:
            return "item\n"

        def __iter__(self) -> Iterator[str]:
            return endless()

    monkeypatch.setattr("sys.stdin", Stream())
    with pytest.raises(KeyboardInterrupt):
        determine_command("-", as_json=True)
    assert len(capsys.readouterr().out.splitlines()) == 3
