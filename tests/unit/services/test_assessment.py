"""The first H200 batch, assessed: what its dossier must say on each date, and where its figures come from."""

import datetime as dt
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockgate.base.errors import InvalidInputError
from lockgate.catalogue import load_catalogue
from lockgate.cli.main import app
from lockgate.controls.determination import Verdict
from lockgate.reports.dossier import render_dossier
from lockgate.reports.outline import DossierSection
from lockgate.services import dossier as dossier_module
from lockgate.services.assessment import Assessment, assess_deal
from lockgate.services.dossier import SECTION_PROVIDERS, fill_sections, make_dossier
from lockgate.services.dossier_sources import sources_section

REPOSITORY = Path(__file__).parents[3]
DEAL = REPOSITORY / "examples" / "h200-first-batch" / "deal.toml"
TODAY = dt.date(2026, 11, 22)


def assess(on: str | None = None, known_at: str | None = None, deal: Path = DEAL) -> Assessment:
    days = [None if day is None else dt.date.fromisoformat(day) for day in (on, known_at)]
    return assess_deal(deal, load_catalogue(), on=days[0], known_at=days[1], today=TODAY)


OWN = tuple(name for name in SECTION_PROVIDERS if re.search(r"dossier_(verdict|gates|lines|numbers):", name))


def sections(assessment: Assessment) -> dict[str, dict[str, Any]]:
    """The sections tested here; those of other parts have their own tests."""
    found = fill_sections(assessment, OWN, lambda _: None)
    found.append(sources_section(assessment, found))
    return {section.id: {"id": section.id, "title": section.title, **section.data} for section in found}


@pytest.fixture(scope="module")
def first_batch() -> dict[str, dict[str, Any]]:
    return sections(assess())


def test_on_the_day_the_us_gate_holds_it_and_china_lets_it_pass() -> None:
    assessment = assess()
    assert assessment.on == dt.date(2026, 1, 28)
    assert assessment.verdict is Verdict.NOT_MET
    assert assessment.gate_verdict("us-export") is Verdict.NOT_MET
    assert assessment.gate_verdict("cn-import") is Verdict.MET
    assert assessment.held_since("us-export") == dt.date(2022, 10, 21)
    assert assessment.held_since("cn-import") is None


@pytest.mark.parametrize(
    ("on", "known_at", "cn_verdict", "since"),
    [
        ("2026-01-20", None, Verdict.NOT_MET, "2026-01-13"),
        ("2026-01-27", None, Verdict.NOT_MET, "2026-01-13"),
        ("2026-01-28", "2026-01-27", Verdict.NOT_MET, "2026-01-13"),
        ("2026-01-28", None, Verdict.MET, None),
        ("2025-12-31", None, Verdict.UNDETERMINED, "2022-01-01"),
    ],
)
def test_another_day_another_answer(
    on: str, known_at: str | None, cn_verdict: Verdict, since: str | None
) -> None:
    assessment = assess(on, known_at)
    assert assessment.gate_verdict("cn-import") is cn_verdict
    held = assessment.held_since("cn-import")
    if since and since != "2022-01-01":
        assert held == dt.date.fromisoformat(since)
    assert (held is None) == (since is None)


def test_from_february_a_licence_may_be_held_so_nothing_is_certain() -> None:
    assert assess("2026-02-04").verdict is Verdict.NOT_MET
    assert assess("2026-02-05").verdict is Verdict.UNDETERMINED


def test_recipients_are_answered_one_by_one(first_batch: dict[str, dict[str, Any]]) -> None:
    rows = {row["name"]: row for row in first_batch["verdict"]["recipients"]}
    assert [row["role"] for row in rows.values()] == ["buyer", "buyer", "buyer", "disputed", "queued"]
    china = {name: row["gates"][1]["verdict"] for name, row in rows.items()}
    assert china == {
        "ByteDance": "MET", "Alibaba": "MET", "Tencent": "MET", "Baidu": "UNDETERMINED",
        "Other firms in the queue": "UNDETERMINED",
    }  # fmt: skip


def test_the_cap_is_worked_for_this_quantity(first_batch: dict[str, dict[str, Any]]) -> None:
    cap = first_batch["cap"]
    assert [(row["units"], row["us_units_needed"]) for row in cap["rows"]] == [
        (400_000, 800_000),
        (500_000, 1_000_000),
    ]
    assert cap["rows"][0]["tpp"] == 400_000 * 15_832
    assert cap["met"] == "undetermined"
    assert cap["stock"][0]["most"] == 233_333
    assert not cap["stock"][0]["low_fits"]


@pytest.mark.parametrize(
    ("us_units", "met"), [("700000", "no"), ("900000", "undetermined"), ("1000000", "yes")]
)
def test_the_cap_is_decided_by_what_went_to_us_customers(tmp_path: Path, us_units: str, met: str) -> None:
    fact = f'[[facts]]\ncolumn = "dd_us_units_shipped"\nvalue = "{us_units}"\nsources = ["reuters-update"]\n\n[quantity]'
    path = tmp_path / "deal.toml"
    path.write_text(DEAL.read_text("utf-8").replace("[quantity]", fact, 1), "utf-8")
    assert sections(assess(deal=path))["cap"]["met"] == met


def test_the_duty_is_price_times_quantity_times_rate(first_batch: dict[str, dict[str, Any]]) -> None:
    (charge,) = first_batch["cost"]["charges"]
    assert charge["applies"] == "yes"
    assert charge["duty_usd_low"] == 20_000 * 400_000 * 0.25
    assert charge["duty_usd_high"] == 27_000 * 500_000 * 0.25


def test_before_the_rule_there_is_neither_cap_nor_duty() -> None:
    found = sections(assess("2026-01-14"))
    assert "cap" not in found
    assert "cost" not in found


def test_the_strip_covers_eight_chips_without_a_gap(first_batch: dict[str, dict[str, Any]]) -> None:
    strip = first_batch["versions"]
    assert [chip["short"] for chip in strip["chips"]] == [
        "H200",
        "H100",
        "H800",
        "A800",
        "H20",
        "MI325X",
        "B200",
        "B30A",
    ]
    for chip in strip["chips"]:
        for gate in strip["gates"]:
            spans = [
                span for span in strip["spans"] if (span["row"], span["lane"]) == (chip["short"], gate["id"])
            ]
            assert spans[0]["start"] == "2022-01-01"
            assert spans[-1]["end"] == TODAY.isoformat()
            assert all(left["end"] == right["start"] for left, right in itertools.pairwise(spans))
            assert all(left["label"] != right["label"] for left, right in itertools.pairwise(spans))
    assert [period["from_on"] for period in strip["periods"]] == sorted(
        {period["from_on"] for period in strip["periods"]}
    )


@pytest.mark.parametrize(
    ("chip", "day", "says"),
    [
        ("H800", "2023-06-01", "no licence required"),
        ("H800", "2023-11-17", "licence: presumption of denial"),
        ("H20", "2024-06-01", "no licence required"),
        ("H20", "2025-06-01", "licence: policy not published"),
        ("B200", "2026-02-01", "licence: presumption of denial"),
        ("MI325X", "2026-02-01", "licence: case by case"),
        ("H200", "2026-01-14", "licence: presumption of denial"),
        ("H200", "2026-01-15", "licence: case by case"),
    ],
)
def test_the_strip_says_what_the_law_said(
    first_batch: dict[str, dict[str, Any]], chip: str, day: str, says: str
) -> None:
    (span,) = (
        span for span in first_batch["versions"]["spans"]
        if span["row"] == chip and span["lane"] == "us-export" and span["start"] <= day < span["end"]
    )  # fmt: skip
    assert span["label"] == says


def test_the_regions_are_those_of_the_law(first_batch: dict[str, dict[str, Any]]) -> None:
    lines = first_batch["lines"]
    boxes = {
        region["line"]: (region["x1"], region["x2"], region["y1"], region["y2"])
        for region in lines["density"]["regions"]
    }
    assert boxes["a.1"][0] == 4800
    assert (boxes["a.2"][0], boxes["a.2"][2]) == (1600, 5.92)
    assert boxes["b.1"] == (2400, 4800, 1.6, 5.92)
    assert (boxes["b.2"][0], boxes["b.2"][2:]) == (1600, (3.2, 5.92))
    other = {
        region["line"]: (region["x1"], region["x2"], region["y1"], region["y2"])
        for region in lines["bandwidth"]["regions"]
    }
    assert (other["dd"][1], other["dd"][3]) == (21_000, 6_500)
    assert other["box-a"] == (14_000, 17_500, 4_500, 5_000)
    assert other["box-b"] == (20_800, 21_100, 5_800, 6_200)


def test_every_source_cited_is_described_and_says_what_it_supports(
    first_batch: dict[str, dict[str, Any]],
) -> None:
    entries = [entry for group in first_batch["sources"]["groups"] for entry in group["entries"]]
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    for entry in entries:
        assert entry["supports"], entry["id"]
        assert entry["title"] != entry["id"], entry["id"]
    listed = {entry["id"] for entry in entries}
    for fact in (
        *first_batch["deal"]["facts"],
        *first_batch["deal"]["figures"],
        *first_batch["deal"]["recipients"],
    ):
        assert set(fact["sources"]) <= listed


def test_no_sentence_of_the_articles_is_in_the_project() -> None:
    seeds = REPOSITORY / ".." / "shared" / "seeds"
    if not seeds.is_dir():
        pytest.skip("the articles are not beside this checkout")
    own = words_of(DEAL.read_text("utf-8"))
    titles = " ".join(re.findall(r'^title = "(.*)"', DEAL.read_text("utf-8"), re.MULTILINE))
    allowed = set(shingles(words_of(titles)))
    for path in sorted(seeds.glob("*.txt")):
        copied = (set(shingles(words_of(path.read_text("utf-8")))) & set(shingles(own))) - allowed
        assert not copied, path.name


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.casefold())


def shingles(words: list[str], size: int = 7) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def test_a_part_has_a_section_only_where_it_has_something_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assessment = assess()
    monkeypatch.setattr(
        dossier_module, "SECTION_PROVIDERS",
        ("lockgate.services.dossier_verdict:verdict_section", f"{__name__}:silent_section", f"{__name__}:later_section"),
    )  # fmt: skip
    dossier = make_dossier(assessment)
    assert [section.id for section in dossier.sections] == ["verdict", "later", "sources"]


def silent_section(_: Assessment) -> DossierSection | None:
    return None


def later_section(assessment: Assessment) -> DossierSection | None:
    return DossierSection(
        id="later",
        title="Later",
        order=100,
        template="cost.html",
        data={"charges": [], "on": assessment.on.isoformat()},
    )


def test_a_bad_column_is_told_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deal.toml"
    path.write_text(
        DEAL.read_text("utf-8")
        .replace('value = "h200-sxm"', 'value = "h2000-sxm"')
        .replace('value = "export"', 'value = "sail"')
    )
    result = CliRunner().invoke(app, ["assess", str(path)])
    assert result.exit_code != 0
    text = str(result.exception)
    assert str(path) in text
    assert "sail" in text


def test_what_cannot_be_asked_is_told_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "deal.toml"
    text = (
        DEAL.read_text("utf-8")
        .replace('headquarters = "CN"', 'headquarters = "XX"', 1)
        .replace('"b30a"]', '"b30x"]')
    )
    path.write_text(text.replace('column = "kind"', 'column = "knd"'), "utf-8")
    with pytest.raises(InvalidInputError) as caught:
        assess(deal=path)
    places = [problem.path.removeprefix(f"{path}.") for problem in caught.value.problems]
    assert places == ["facts.knd", "recipients[0].headquarters", "compare[7]"]


def test_the_command_prints_a_summary_and_where_the_dossier_is(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b.html"
    result = CliRunner().invoke(app, ["assess", str(DEAL), "--out", str(out)])
    assert result.exit_code == 0
    assert "NOT_MET" in result.stdout
    assert f"Dossier: {out}" in result.stdout
    assert out.exists()


def test_json_is_only_json(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["assess", str(DEAL), "--json", "--on", "2026-01-20", "--out", str(tmp_path / "x.html")]
    )
    assert json.loads(result.stdout)["on"] == "2026-01-20"


MINIMAL = """
id = "min"
title = "A deal of <b>any</b> kind"
on = 2026-06-01
[[facts]]
column = "COLUMN"
value = "VALUE"
sources = ["a"]
[quantity]
low = 5
high = 5
basis = "as ordered"
[[recipients]]
description = "Somebody"
role = "queued"
sources = ["a"]
[[sources]]
id = "a"
title = "A letter </script><script>alert(1)</script>"
"""


@pytest.mark.parametrize(
    ("column", "value", "moves"),
    [
        ("item", "H200", "5 H200 SXM 141GB"),
        ("item", "hgx-h200-8", "5 HGX H200 8-GPU"),
        ("tpp", "5000", "5 items"),
    ],
)
def test_a_deal_that_says_little_is_answered_all_the_same(
    tmp_path: Path, column: str, value: str, moves: str
) -> None:
    path = tmp_path / "deal.toml"
    path.write_text(MINIMAL.replace("COLUMN", column).replace("VALUE", value), "utf-8")
    assessment = assess(deal=path)
    assert assessment.verdict is Verdict.UNDETERMINED
    dossier = make_dossier(assessment)
    assert moves in dossier.summary
    page = render_dossier(dossier)
    assert "<b>any" not in page
    assert "<script>alert" not in page
    assert page.count("</script>") == 1


def test_the_cap_counts_every_chip_of_a_system(tmp_path: Path) -> None:
    path = tmp_path / "deal.toml"
    path.write_text(DEAL.read_text("utf-8").replace('value = "h200-sxm"', 'value = "hgx-h200-8"', 1), "utf-8")
    assert sections(assess(deal=path))["cap"]["tpp"] == 8 * 15_832


@pytest.mark.parametrize(
    "on", ["2020-01-01", "2022-08-26", "2023-10-24", "2025-05-13", "2026-11-10", "2027-06-01"]
)
def test_any_day_can_be_asked(on: str) -> None:
    found = sections(assess(on))
    assert found["verdict"]["future"] is (on > TODAY.isoformat())
    assert found["verdict"]["sentence"]


def test_a_place_that_cannot_be_written_is_an_error_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["assess", str(DEAL), "--out", str(tmp_path / "file" / "x.html")])
    assert "cannot be written" in str(result.exception)
