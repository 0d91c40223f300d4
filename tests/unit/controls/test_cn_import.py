"""China's import gate: the state by chip, recipient and date; no fact inferred from another."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import lockgate
from lockgate.catalogue.law import Law, read_law
from lockgate.controls.cn_import import STATES, answer_cn_import, plain_name, recipient_id
from lockgate.controls.determination import GateAnswer, Verdict
from lockgate.controls.transaction import Movement, Transaction

DATA = Path(lockgate.__file__).parent / "data" / "law"


@pytest.fixture(scope="module")
def law() -> Law:
    return read_law(DATA, lambda *_: frozenset())


def ask(law: Law, on: str, *, known_at: str | None = None, **given: Any) -> GateAnswer:
    facts = {
        "item": "h200-sxm",
        "kind": Movement.EXPORT,
        "from_place": "US",
        "to_place": "CN",
        "end_user": "ByteDance",
    }
    known = None if known_at is None else dt.date.fromisoformat(known_at)
    return answer_cn_import(
        Transaction(**{**facts, **given}),
        law.on(dt.date.fromisoformat(on), known),
    )


@pytest.mark.parametrize(
    ("on", "item", "end_user", "verdict", "state"),
    [
        ("2023-06-01", "h800-sxm", "ByteDance", "UNDETERMINED", "unknown"),
        ("2025-08-11", "h20-96", "Tencent", "UNDETERMINED", "unknown"),
        ("2025-08-12", "h20-96", "Tencent", "UNDETERMINED", "discouraged"),
        ("2025-10-10", "h20-141", "Tencent", "UNDETERMINED", "discouraged"),
        ("2025-09-16", "rtx-pro-6000d", "Alibaba", "UNDETERMINED", "unknown"),
        ("2025-09-17", "rtx-pro-6000d", "Alibaba", "NOT_MET", "stopped"),
        ("2025-09-17", "rtx-pro-6000d", None, "NOT_MET", "stopped"),
        ("2026-01-12", "h200-sxm", "ByteDance", "UNDETERMINED", "unknown"),
        ("2026-01-13", "h200-sxm", "ByteDance", "NOT_MET", "blocked-at-customs"),
        ("2026-01-23", "h200-sxm", "Alibaba", "NOT_MET", "blocked-at-customs"),
        ("2026-01-27", "h200-nvl", "Baidu", "NOT_MET", "blocked-at-customs"),
        ("2026-01-28", "h200-sxm", "ByteDance", "MET", "conditionally-approved"),
        ("2026-01-28", "h200-sxm", "Alibaba Group", "MET", "conditionally-approved"),
        ("2026-01-28", "h200-sxm", "腾讯", "MET", "conditionally-approved"),
        ("2026-01-28", "h200-sxm", "Baidu", "UNDETERMINED", "unknown"),
        ("2026-01-28", "h200-sxm", "Alibaba Cloud", "UNDETERMINED", "unknown"),
        ("2026-01-28", "h200-sxm", None, "UNDETERMINED", "unknown"),
        ("2026-01-28", "b200", "ByteDance", "UNDETERMINED", "unknown"),
        ("2026-01-28", "", "ByteDance", "UNDETERMINED", "unknown"),
        ("2026-01-28", "gh200", "ByteDance", "UNDETERMINED", "unknown"),
        ("2026-01-29", "h200-sxm", "DeepSeek", "UNDETERMINED", "unknown"),
        ("2026-01-30", "h200-sxm", "DeepSeek", "MET", "conditionally-approved"),
        ("2026-09-01", "h200-sxm", "ByteDance", "MET", "conditionally-approved"),
    ],
)
def test_state_by_chip_recipient_and_date(
    law: Law, on: str, item: str, end_user: str | None, verdict: str, state: str
) -> None:
    answer = ask(law, on, item=item, end_user=end_user)
    assert (answer.verdict, answer.state) == (verdict, state)


def test_an_american_licence_and_a_delivery_approve_nothing(law: Law) -> None:
    assert ask(law, "2026-06-01", end_user="JD.com").state == "unknown"
    without = [
        version
        for id_, version in law.on(dt.date(2026, 9, 1)).items()
        if id_.startswith("cn-import.reports.")
    ]
    stateful = {version.values["fact"] for version in without if version.outcome}
    assert stateful == {"guidance", "stop", "customs-instruction", "approval", "uncertainty"}


def test_a_report_is_not_known_before_it_appears(law: Law) -> None:
    assert ask(law, "2026-01-13", known_at="2026-01-13").state == "unknown"
    assert ask(law, "2026-01-13", known_at="2026-01-14").state == "blocked-at-customs"
    assert ask(law, "2026-02-01", known_at="2026-01-27").state == "blocked-at-customs"


def test_an_approval_held_opens_the_gate_and_says_what_stands_against_it(law: Law) -> None:
    assert ask(law, "2026-01-28", end_user="Baidu", cn_approval=True).verdict is Verdict.MET
    blocked = ask(law, "2026-01-20", cn_approval=True)
    assert blocked.verdict is Verdict.MET
    assert any("blocked-at-customs" in text for text in blocked.warnings)


def test_a_denied_approval_does_not_erase_a_report_but_is_shown(law: Law) -> None:
    answer = ask(law, "2026-01-28", cn_approval=False)
    assert answer.verdict is Verdict.MET
    assert any("none is held" in text for text in answer.warnings)


@pytest.mark.parametrize(
    "given",
    [
        {"to_place": "DE"},
        {"from_place": "CN"},
        {"kind": Movement.IN_COUNTRY_TRANSFER},
        {"kind": Movement.REMOTE_ACCESS},
    ],
)
def test_no_import_into_china_no_gate(law: Law, given: dict[str, Any]) -> None:
    answer = ask(law, "2026-01-20", **given)
    assert (answer.verdict, answer.state) == (Verdict.NOT_IN_FORCE, "not-applicable")


@pytest.mark.parametrize("place", ["HK", "MO", None])
def test_reports_speak_of_the_mainland(law: Law, place: str | None) -> None:
    for on in ("2026-01-20", "2026-01-28"):
        answer = ask(law, on, to_place=place)
        assert (answer.verdict, answer.state) == (Verdict.UNDETERMINED, "unknown")
        assert "cn_approval" in answer.missing


def test_what_is_missing_is_named(law: Law) -> None:
    assert ask(law, "2026-01-28", end_user=None).missing == ("end_user", "cn_approval")
    assert ask(law, "2026-01-28").missing == ()


def test_conditions_are_unknown_and_say_what_they_need(law: Law) -> None:
    conditions = {item.id: item for item in ask(law, "2026-01-28").conditions}
    assert set(conditions) == {
        f"cn-import.conditions.{name}"
        for name in ("domestic-quota", "ndrc-conditions", "necessity", "not-state-funded")
    }
    assert all(item.status == "unknown" and item.needs for item in conditions.values())


def test_more_than_was_approved_is_pointed_out(law: Law) -> None:
    from decimal import Decimal

    assert any("400,000" in text for text in ask(law, "2026-01-28", quantity=Decimal(400_001)).warnings)
    assert not any("400,000" in text for text in ask(law, "2026-01-28", quantity=Decimal(400_000)).warnings)


def test_every_report_names_its_source_confidence_and_fact(law: Law) -> None:
    reports = law.provisions("cn-import.reports.")
    assert len(reports) >= 18
    for report in reports:
        for version in report.versions:
            assert version.citation.source, report.id
            assert version.confidence, report.id
            assert version.values["fact"], report.id
            assert version.outcome in {"", *STATES}, report.id
            known = {item.id.rsplit(".", 1)[1] for item in law.provisions("cn-import.recipients.")}
            assert set(version.parties) <= known, report.id
            assert version.confidence != "low" or not version.outcome, (
                f"{report.id}: low confidence sets no state"
            )


def test_a_name_is_matched_whole(law: Law) -> None:
    today = law.on(dt.date(2026, 9, 1))
    assert recipient_id("Tencent Holdings Limited", today) == "tencent"
    assert recipient_id("Tencent Music", today) is None
    assert recipient_id("Group", today) is None
    assert plain_name("JD.com, Inc.") == plain_name("JD.com")
