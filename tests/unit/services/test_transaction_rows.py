import datetime as dt
import json
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.catalogue import load_catalogue
from lockgate.services.determine import Determiner
from lockgate.services.transaction_files import read_rows, sniff_format
from lockgate.services.transaction_rows import COLUMNS, RowParser, read_number

TODAY = dt.date(2026, 11, 22)


def parse(**row: Any) -> dict[str, Any]:
    return dict(RowParser(load_catalogue()).parse(row).values)


def rows(text: str, suffix: str) -> list[Any]:
    return [row for _, row in read_rows(text.splitlines(keepends=True), suffix)]


def problems(row: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as caught:
        RowParser(load_catalogue()).parse(row)
    return [(problem.path, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize("text", ["China", "CN", "cn", "CHN", "中国", " prc "])
def test_places_by_code_and_name(text: str) -> None:
    assert parse(item="x", to=text)["to"] == "CN"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("TRUE", True),
        ("是", True),
        (True, True),
        (1, True),
        ("no", False),
        ("0", False),
        (False, False),
    ],
)
def test_truths(text: object, value: bool) -> None:
    assert parse(item="x", us_licence=text)["us_licence"] is value


@pytest.mark.parametrize("text", ["", "unknown", " Unknown ", None, "?", "未知"])
def test_unknown_is_left_out(text: object) -> None:
    assert "us_licence" not in parse(item="x", us_licence=text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15832", "15832"),
        ("15,832.5", "15832.5"),
        ("1 234 567", "1234567"),
        ("1_000", "1000"),
        ("1.5e4", "15000"),
        (15832, "15832"),
        (Decimal("20999.99"), "20999.99"),
    ],
)
def test_numbers(text: object, value: str) -> None:
    assert read_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["x", "-1", "nan", "inf", "4,8", "1e99", True, "1,2345"])
def test_no_numbers(text: object) -> None:
    with pytest.raises(LockgateError, match="is no number"):
        read_number(text)


def test_bandwidth_becomes_base_units() -> None:
    assert parse(dram_bandwidth_gb_per_s="4,800")["dram_bandwidth_gb_per_s"] == 4_800_000_000_000


def test_every_problem_of_a_row_at_once() -> None:
    row = {
        "item": "x", "to": "Atlantis", "quantity": "many", "on": "yesterday", "kind": "teleport", "us_licence": "perhaps",
        "exporter_role": "king", "dd_lab_revoked": "soon", "end_user": ["a"], "listed_owner_fraction": "50", "colour": "red",
    }  # fmt: skip
    assert dict(problems(row)) == {
        "to": "unknown-place",
        "quantity": "bad-number",
        "on": "bad-date",
        "kind": "bad-word",
        "us_licence": "bad-truth",
        "exporter_role": "bad-word",
        "dd_lab_revoked": "bad-date",
        "end_user": "bad-value",
        "listed_owner_fraction": "bad-number",
        "colour": "unknown-column",
    }


def test_a_row_needs_an_item() -> None:
    assert problems({"to": "CN"}) == [("item", "no-item")]
    assert problems({"to": "Nowhere at all"}) == [("to", "unknown-place")]


def test_an_unknown_certificate_is_warned_of_not_dropped() -> None:
    parsed = RowParser(load_catalogue()).parse({"item": "x", "dd_new": "yes", "dd_other": ""})
    assert "dd_new" in parsed.warnings[0]
    assert len(parsed.warnings) == 1


def test_spellings() -> None:
    assert parse(item="x", us_license="yes")["us_licence"] is True
    assert str(parse(item="x", kind="In country transfer")["kind"]) == "in-country-transfer"
    assert parse(item="x", dd_us_availability="2026-01-01")["dd_us_availability"] == dt.date(2026, 1, 1)
    assert parse(item="x", on=dt.date(2026, 1, 1), dd_lab_revoked=dt.date(2026, 1, 2))["on"] == dt.date(
        2026, 1, 1
    )
    assert parse(item=None, tpp=1) == {"tpp": 1}


def test_shorthands_stand_for_several_columns() -> None:
    values = parse(item="x", dd_iaas="yes", dd_test_lab="no", dd_lab_us_hq="yes")
    assert values["dd_iaas_weights"] is values["dd_iaas_algorithms"] is True
    assert values["dd_lab_us_hq"] is True
    assert values["dd_test_certificate"] is False


def test_namibia_is_not_an_empty_cell() -> None:
    assert parse(item="x", to="NA")["to"] == "NA"


CSV = 'id,item,quantity\na,h200-sxm,"1,000"\n\n,,\nb,h20-96\n'


def test_csv() -> None:
    assert rows(CSV, ".csv") == [
        {"id": "a", "item": "h200-sxm", "quantity": "1,000"},
        {"id": "b", "item": "h20-96"},
    ]


def test_csv_with_too_many_cells_keeps_the_other_rows() -> None:
    found = rows("item\nx,y\nh200-sxm\n", ".csv")
    assert isinstance(found[0], LockgateError)
    assert found[1] == {"item": "h200-sxm"}


@pytest.mark.parametrize(
    ("text", "suffix", "code"),
    [
        ("", ".csv", "bad-file"),
        ("item,item\n", ".csv", "bad-file"),
        ("item,colour\n", ".csv", "unknown-column"),
        ('item\n"open', ".csv", "bad-file"),
        ("{", ".json", "bad-file"),
        ('{"tpp": NaN}', ".json", "bad-file"),
        ("3", ".json", "bad-file"),
        ("= 1", ".toml", "bad-file"),
        ("x", ".xlsx", "unknown-format"),
        ("x", "", "unknown-format"),
    ],
)
def test_unreadable_files(text: str, suffix: str, code: str) -> None:
    with pytest.raises(LockgateError) as caught:
        rows(text, suffix)
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('{"item": "h200-sxm"}', ".json"),
        ('[{"item": "h200-sxm"}]', ".json"),
        ('{"transactions": [{"item": "h200-sxm"}]}', ".json"),
        ('{"item": "h200-sxm"}\n\n', ".jsonl"),
        ('item = "h200-sxm"', ".toml"),
        ('[transaction]\nitem = "h200-sxm"', ".toml"),
        ('[[transactions]]\nitem = "h200-sxm"', ".toml"),
        ("item\nh200-sxm", ".csv"),
        ("\ufeffitem\nh200-sxm", ".csv"),
    ],
)
def test_one_row_in_every_format(text: str, suffix: str) -> None:
    assert rows(text, suffix) == [{"item": "h200-sxm"}]
    assert sniff_format(text.splitlines()[0]) == (".jsonl" if text.startswith("{") else suffix)


def test_bad_lines_keep_the_others() -> None:
    found = rows('{"item": "a"\n3\n{"item": "h200-sxm"}\n', ".jsonl")
    assert [isinstance(row, LockgateError) for row in found] == [True, True, False]
    found = rows('[3, {"item": "h200-sxm"}]', ".json")
    assert [isinstance(row, LockgateError) for row in found] == [True, False]


@pytest.mark.parametrize(
    ("line", "suffix"), [("{", ".json"), ("[", ".json"), ("# note", ".toml"), ("id = 1", ".toml")]
)
def test_formats_told_from_the_first_line(line: str, suffix: str) -> None:
    assert sniff_format(line) == suffix


def test_every_column_fits_an_attribute() -> None:
    from lockgate.controls.transaction import Transaction

    fields = set(Transaction.__dataclass_fields__)
    assert {column.field for column in COLUMNS.values() if column.field} <= fields


def test_conditions_name_columns_that_exist() -> None:
    for provision in load_catalogue().provisions("us-ear"):
        for version in provision.versions:
            assert str(version.values.get("column", "tpp")) in COLUMNS


# The catalogue's facts and the row's own


def determiner() -> Determiner:
    return Determiner(load_catalogue(), today=TODAY)


def test_a_row_overrides_the_catalogue_and_says_so() -> None:
    answer = determiner().answer({"item": "H200 SXM", "tpp": "20000", "dram_bandwidth_gb_per_s": "4800"})
    assert answer.transaction.item == "h200-sxm"
    assert answer.transaction.tpp == 20000
    assert answer.transaction.performance_density == Decimal(20000) / Decimal(814)
    assert any("tpp given in the row replaces" in text for text in answer.warnings)
    assert not any("dram_bandwidth" in text for text in answer.warnings)
    given = determiner().answer({"item": "b30a", "tpp": "20000"})
    assert given.transaction.performance_density is None
    given = determiner().answer({"item": "h200-sxm", "tpp": "20000", "performance_density": "2"})
    assert given.transaction.performance_density == 2


def test_bounds_stay_bounds() -> None:
    answer = determiner().answer({"item": "ascend-910b1"})
    assert answer.transaction.performance_density is None
    assert answer.transaction.bounds["performance_density"][1] is not None
    assert any("known only as" in text for text in answer.warnings)
    replaced = determiner().answer({"item": "ascend-910b1", "performance_density": "9"})
    assert "performance_density" not in replaced.transaction.bounds


def test_an_unknown_item_suggests_the_near_ones() -> None:
    with pytest.raises(LockgateError) as caught:
        determiner().answer({"item": "h2000-sxm"})
    assert "h200-sxm" in caught.value.problems[0].hint


def test_good_rows_are_answered_beside_bad_ones() -> None:
    found = list(
        determiner().answer_rows(
            read_rows(["item,to\n", "h200-sxm,CN\n", "h200-sxm,XX\n", "a,b,c\n"], ".csv")
        )
    )
    assert [answer.determination is not None for answer in found] == [True, False, False]
    assert found[1].error is not None
    assert found[1].error.problems[0].path == "row[2].to"
    assert found[0].determination is not None
    assert found[0].determination.transaction.id == "1"


def test_today_is_the_day_where_none_is_given() -> None:
    assert determiner().answer({"item": "h200-sxm"}).on == TODAY
    fixed = Determiner(load_catalogue(), on=dt.date(2024, 1, 1), today=TODAY)
    assert fixed.answer({"item": "h200-sxm", "on": "2026-01-01"}).on == dt.date(2024, 1, 1)
    assert json.dumps(fixed.answer({"item": "h200-sxm"}).as_dict())


def test_a_record_of_the_users_is_marked(tmp_path: Path) -> None:
    text = (Path(str(files("lockgate"))) / "data" / "chips" / "h200-sxm.toml").read_text(encoding="utf-8")
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "h200-sxm.toml").write_text(text, encoding="utf-8")
    answer = Determiner(load_catalogue(tmp_path), today=TODAY).answer({"item": "h200-sxm"})
    assert any("a record of yours" in text for text in answer.warnings)
