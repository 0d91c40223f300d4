"""Serial numbers and report rows from a user's CSV file: every row that cannot be taken, with its line."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.base.errors import LockgateError
from lockgate.services.end_use import STATUSES, check_rows
from lockgate.services.lots import SERIAL_MAX, read_serials, read_table


def problems(call: object) -> list[tuple[str, str]]:
    assert callable(call)
    with pytest.raises(LockgateError) as caught:
        call()
    return [(problem.code, problem.path) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("missing-column", "serial")]),
        ("number\n1\n", [("missing-column", "serial")]),
        ("serial\n", [("empty-file", "")]),
        ("serial\nA\nB\nA\n", [("duplicate-serial", "line 4")]),
        ("serial,x\n,1\nB C,2\n", [("missing-serial", "line 2"), ("bad-serial", "line 3")]),
        ("serial\n" + "A" * (SERIAL_MAX + 1) + "\n", [("bad-serial", "line 2")]),
        ("serial\nA\x07\n", [("bad-serial", "line 2")]),
        ('serial\n"' + "A" * 200_000 + '"\n', [("bad-csv", "line 2")]),
    ],
)
def test_what_is_told_of_a_file(text: str, found: list[tuple[str, str]]) -> None:
    assert problems(lambda: read_serials(text)) == found


def test_many_problems_end_in_a_count() -> None:
    told = problems(lambda: read_serials("serial\n" + ",\n" * 250))
    assert len(told) == 101
    assert told[-1][0] == "more-problems"


def test_what_is_taken() -> None:
    assert read_serials("\ufeffserial, note\r\n A1 ,x\r\nA2\r\n") == ["A1", "A2"]
    assert read_table("a,b\n1\n") == (["a", "b"], [(2, {"a": "1", "b": ""})])


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(LockgateError):
        found = read_serials(text)
        assert len(found) == len(set(found)) > 0


def test_rows_of_a_report() -> None:
    good = [{"serial": f"S{number}", "status": status} for number, status in enumerate(STATUSES)]
    assert [row[1] for row in check_rows(good)] == list(STATUSES)
    told = problems(
        lambda: check_rows([{"serial": "A", "status": "fine"}, {"status": "installed"}, *good, good[0]])
    )
    assert told == [
        ("bad-status", "rows[0]"),
        ("missing-serial", "rows[1]"),
        ("duplicate-serial", f"rows[{len(good) + 2}]"),
    ]
    assert problems(lambda: check_rows([])) == [("empty-file", "")]
