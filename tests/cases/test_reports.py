"""Every report about China's side begins on the day its source gives, and is not known before it appeared.

The days are written here a second time, from the reports themselves, so that a slip in the data is seen.
"""

import datetime as dt
from pathlib import Path

import pytest

import lockgate
from lockgate.catalogue.law import Law, read_law

REPORTS = {
    # report: (begins, known)
    "2025-07-31-h20-summons": ("2025-07-31", "2025-07-31"),
    "2025-08-12-h20-notices": ("2025-08-12", "2025-08-12"),
    "2025-09-17-rtx-pro-6000d": ("2025-09-17", "2025-09-17"),
    "2025-10-10-customs-checks": ("2025-10-10", "2025-10-10"),
    "2025-11-05-state-funded": ("2025-11-05", "2025-11-05"),
    "2025-12-approval-system": ("2025-12-09", "2025-12-09"),
    "2026-01-13-h200-customs": ("2026-01-13", "2026-01-14"),
    "2026-01-23-in-principle": ("2026-01-23", "2026-01-23"),
    "2026-01-28-first-batch": ("2026-01-28", "2026-01-28"),
    "2026-01-28-queue": ("2026-01-28", "2026-01-28"),
    "2026-01-29-nvidia-no-notice": ("2026-01-29", "2026-01-29"),
    "2026-01-30-deepseek": ("2026-01-30", "2026-01-30"),
    "2026-02-04-no-orders": ("2026-02-04", "2026-02-04"),
    "2026-02-us-licences": ("2026-02-01", "2026-02-26"),
    "2026-03-secondary-claims": ("2026-03-17", "2026-03-17"),
    "2026-04-26-no-shipments": ("2026-04-26", "2026-05-20"),
    "2026-05-14-us-clears-ten": ("2026-05-14", "2026-05-14"),
    "2026-08-18-deliveries": ("2026-08-18", "2026-08-18"),
}
CONDITIONS = {
    "domestic-quota": "2026-01-23",
    "ndrc-conditions": "2026-01-28",
    "necessity": "2026-01-13",
    "not-state-funded": "2025-11-05",
    "outside-mainland": "2026-08-18",
}
RECIPIENTS_SINCE = "2022-01-01"
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def law() -> Law:
    return read_law(Path(lockgate.__file__).parent / "data" / "law", lambda *_: frozenset())


def test_none_is_left_out(law: Law) -> None:
    for kind, expected in (("reports", REPORTS), ("conditions", CONDITIONS)):
        found = {item.id.rsplit(".", 1)[1] for item in law.provisions(f"cn-import.{kind}.")}
        assert found == set(expected)


@pytest.mark.parametrize(("report", "days"), REPORTS.items(), ids=REPORTS)
def test_a_report_begins_and_is_known(law: Law, report: str, days: tuple[str, str]) -> None:
    id_ = f"cn-import.reports.{report}"
    begins, known = map(dt.date.fromisoformat, days)
    assert id_ in law.on(begins)
    assert id_ not in law.on(begins - DAY)
    assert id_ in law.on(max(begins, known), known)
    assert id_ not in law.on(max(begins, known), known - DAY)


@pytest.mark.parametrize(("condition", "begins"), CONDITIONS.items(), ids=CONDITIONS)
def test_a_condition_begins(law: Law, condition: str, begins: str) -> None:
    id_, day = f"cn-import.conditions.{condition}", dt.date.fromisoformat(begins)
    assert id_ in law.on(day)
    assert id_ not in law.on(day - DAY)
    assert id_ not in law.on(day, day - DAY)


def test_names_are_known_before_any_report(law: Law) -> None:
    day = dt.date.fromisoformat(RECIPIENTS_SINCE)
    for item in law.provisions("cn-import.recipients."):
        assert item.id in law.on(day)
        assert item.id not in law.on(day - DAY)


def test_the_duty_and_its_exemptions_begin_together(law: Law) -> None:
    first = dt.date(2026, 1, 15)
    for name in ("duty", "use-in-the-us", "not-for-datacenters", "entry-by-test"):
        assert f"us-section-232.{name}" in law.on(first)
        assert f"us-section-232.{name}" not in law.on(first - DAY)
    for name, known in (
        ("duty", "2026-01-14"),
        ("use-in-the-us", "2026-01-14"),
        ("not-for-datacenters", "2026-01-14"),
        ("entry-by-test", "2026-01-15"),
    ):
        day = dt.date.fromisoformat(known)
        assert f"us-section-232.{name}" in law.on(first, day)
        assert f"us-section-232.{name}" not in law.on(first, day - DAY)
