"""The export gate, asked by its columns."""

import datetime as dt
from typing import Any

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.controls.determination import Determination
from lockgate.services.determine import Determiner

TODAY = dt.date(2026, 11, 22)
CHINA = {
    "kind": "export",
    "from": "US",
    "to": "CN",
    "end_user": "ByteDance",
    "end_user_hq": "CN",
    "ultimate_parent": "CN",
}
H200 = {"item": "h200-sxm", "on": "2026-02-01", **CHINA, "military_end_use": "no"}
CERTIFICATES = dict.fromkeys(("dd_us_availability", "dd_us_supply", "dd_foundry_capacity", "dd_volume_cap", "dd_remote_users", "dd_not_military", "dd_kyc", "dd_security", "dd_iaas_weights", "dd_iaas_algorithms", "dd_lab_us_hq", "dd_lab_not_d5_controlled", "dd_lab_no_interest", "dd_test_in_us", "dd_test_sample", "dd_test_certificate"), "yes") | {"dd_lab_revoked": "no"}  # fmt: skip


def ask(known_at: Any = None, with_proposed: Any = False, **columns: Any) -> Determination:
    named = {name.removesuffix("_"): value for name, value in columns.items()}
    determiner = Determiner(load_catalogue(), known_at=known_at, with_proposed=with_proposed, today=TODAY)
    return determiner.answer(named)


def gate(**columns: Any) -> dict[str, Any]:
    found: dict[str, Any] = ask(**columns).as_dict()["gates"]["us-export"]
    return found


def status(conditions: list[dict[str, str]], suffix: str) -> str:
    return next(condition["status"] for condition in conditions if condition["id"].endswith(suffix))


# A licence with conditions


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"us_licence": "yes"}, "MET"),
        ({"us_licence": "no"}, "NOT_MET"),
        ({"us_licence": ""}, "UNDETERMINED"),
        ({"us_licence": "yes", "dd_kyc": ""}, "UNDETERMINED"),
        ({"us_licence": "yes", "dd_kyc": "no"}, "NOT_MET"),
        ({"us_licence": "yes", "military_end_use": "yes"}, "NOT_MET"),
        ({"us_licence": "yes", "dd_lab_revoked": "yes"}, "NOT_MET"),
    ],
)
def test_a_licence_counts_with_its_conditions(changed: dict[str, str], verdict: str) -> None:
    assert gate(**{**H200, **CERTIFICATES, **changed})["verdict"] == verdict


@pytest.mark.parametrize(
    ("column", "value", "suffix", "expected"),
    [
        ("dd_us_availability", "2026-01-15", "commercially-available", "met"),
        ("dd_us_availability", "2026-01-16", "commercially-available", "unmet"),
        ("dd_lab_revoked", "2026-02-02", "lab-not-revoked", "met"),
        ("dd_lab_revoked", "2026-02-01", "lab-not-revoked", "unmet"),
        ("dd_lab_revoked", "no", "lab-not-revoked", "met"),
        ("dd_not_military", "no", "not-military", "unmet"),
        ("dd_us_supply", "unknown", "us-supply", "unknown"),
    ],
)
def test_each_certificate_is_typed(column: str, value: str, suffix: str, expected: str) -> None:
    assert status(gate(**{**H200, column: value})["conditions"], suffix) == expected


def test_a_withdrawal_compares_with_the_day_asked_about() -> None:
    row = {name: value for name, value in H200.items() if name != "on"}
    assert status(gate(**row, dd_lab_revoked="2026-02-01")["conditions"], "lab-not-revoked") == "unmet"


@pytest.mark.parametrize(
    ("quantity", "shipped", "stated", "expected"),
    [
        ("50", "0", "", "met"),
        ("51", "0", "", "unmet"),
        ("40", "10", "", "met"),
        ("40", "10.5", "", "unmet"),
        ("40", "10", "no", "unmet"),
        ("", "10", "yes", "met"),
        ("", "10", "", "unknown"),
        ("10", "60", "", "unmet"),
    ],
)
def test_the_cap_is_half_of_the_us_volume(quantity: str, shipped: str, stated: str, expected: str) -> None:
    row = {**H200, "quantity": quantity, "dd_us_units_shipped": "100", "dd_cn_units_shipped": shipped}
    answer = gate(**row, dd_volume_cap=stated)
    assert status(answer["conditions"], "volume-cap") == expected


@pytest.mark.parametrize(("shipped", "expected"), [("1000", "met"), ("1000.1", "unmet"), ("", "unknown")])
def test_the_cap_counts_aggregate_tpp(shipped: str, expected: str) -> None:
    row = {
        **H200,
        "quantity": "10",
        "dd_us_tpp_shipped": str(2 * (158320 + 1000)),
        "dd_cn_tpp_shipped": shipped,
    }
    answer = gate(**row)
    assert status(answer["conditions"], "volume-cap") == expected


def test_the_cap_names_what_it_lacks() -> None:
    row = {**H200, "dd_us_units_shipped": "100"}
    assert {"dd_cn_units_shipped", "quantity"} <= set(ask(**row).missing)
    row = {"tpp": "", "performance_density": "6", "on": "2026-02-01", **CHINA, "dd_us_tpp_shipped": "100"}
    assert {"dd_cn_tpp_shipped", "quantity", "tpp"} <= set(ask(**row).missing)
    assert "dd_volume_cap" in ask(**H200).missing


# Thresholds and routes of January 2026


@pytest.mark.parametrize(
    ("changed", "policy"),
    [
        ({"tpp": "20999.99"}, "case-by-case"),
        ({"tpp": "21000"}, "presumption-of-denial"),
        ({"dram_bandwidth_gb_per_s": "6499.9"}, "case-by-case"),
        ({"dram_bandwidth_gb_per_s": "6,500"}, "presumption-of-denial"),
        ({"to": "MO"}, "case-by-case"),
        ({"to": "HK"}, "case-by-case"),
        ({"to": "RU"}, "presumption-of-denial"),
        ({"kind": "reexport", "from": "TW"}, "presumption-of-denial"),
        ({"kind": "in-country-transfer", "from": "CN"}, "presumption-of-denial"),
        ({"from": "TW"}, "presumption-of-denial"),
        ({"kind": "", "from": "TW"}, "presumption-of-denial"),
        ({"kind": "", "from": "CN"}, "presumption-of-denial"),
        ({"kind": "", "from": "US"}, "case-by-case"),
        ({"kind": "", "from": ""}, "undetermined"),
        ({"on": "2026-01-14"}, "presumption-of-denial"),
        ({"on": "2026-01-15"}, "case-by-case"),
        ({"to": "SG"}, "presumption-of-denial"),
    ],
)
def test_case_by_case_has_narrow_edges(changed: dict[str, str], policy: str) -> None:
    assert gate(**{**H200, **changed})["review_policy"] == policy


def test_what_the_route_lacks_is_named() -> None:
    missing = ask(**{**H200, "kind": "", "from": ""}).missing
    assert {"kind", "from"} <= set(missing)
    assert "to" in ask(item="h200-sxm", on="2026-02-01", **{"from": "TW"}).missing


# Before, known, future


def test_nothing_before_the_first_letter() -> None:
    before = ask(item="a100-sxm-80", on="2022-08-25", **CHINA)
    assert before.verdict == "NOT_IN_FORCE"
    assert before.missing == ()
    assert [str(part.verdict) for part in before.gates] == ["NOT_IN_FORCE", "NOT_IN_FORCE"]
    assert gate(item="a100-sxm-80", on="2022-08-26", **CHINA)["licence_required"] == "yes"


def test_what_was_not_known_does_not_count() -> None:
    answer = ask(known_at=dt.date(2026, 1, 12), **H200).as_dict()
    assert answer["gates"]["us-export"]["review_policy"] == "presumption-of-denial"
    assert answer["known_at"] == "2026-01-12"


def test_the_future_says_so() -> None:
    assert any("future" in text for text in ask(**{**H200, "on": "2027-01-01"}).all_warnings)
    assert not any("future" in text for text in ask(**H200).all_warnings)


# Memory, assemblies, fabricators


@pytest.mark.parametrize(
    ("density", "on", "code", "required", "exceptions"),
    [
        ("2", "2025-03-01", None, "no", []),
        ("2.01", "2025-03-01", "3A090.c", "yes", ["HBM"]),
        ("3.29", "2025-03-01", "3A090.c", "yes", ["HBM"]),
        ("3.3", "2025-03-01", "3A090.c", "yes", []),
        ("2.01", "2024-12-01", None, "no", []),
    ],
)
def test_memory(density: str, on: str, code: str | None, required: str, exceptions: list[str]) -> None:
    row = {"memory_bandwidth_density": density, "on": on, "manufacturer": "SK hynix", **CHINA}
    answer = ask(**row).as_dict()
    assert answer["classification"] == code
    found = answer["gates"]["us-export"]
    assert (found["licence_required"], found["exceptions"]) == (required, exceptions)


def test_memory_for_a_foreign_plant() -> None:
    row = {
        "memory_bandwidth_density": "2.5",
        "on": "2025-03-01",
        "manufacturer": "Micron",
        "to": "CN",
        "kind": "export",
    }
    assert gate(**row, end_user_hq="US", ultimate_parent="US")["review_policy"] == "presumption-of-approval"
    assert gate(**row, end_user_hq="US", ultimate_parent="CN")["review_policy"] == "presumption-of-denial"


FOUNDRY = {"on": "2025-06-01", "tpp": "900", "performance_density": "1", "datacenter": "no", "manufacturer": "TSMC"} | {
    "kind": "export", "from": "TW", "to": "CN", "exporter": "TSMC", "exporter_role": "fabricator"
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, None),
        ({"designer_status": "other", "transistor_count_billion": "30"}, "3A090.a"),
        ({"designer_status": "other", "transistor_count_billion": "29.9"}, None),
        ({"designer_status": "approved"}, None),
        ({"designer_status": "authorized"}, None),
        ({"designer_status": "authorized", "transistor_count_billion": "31", "on": "2027-01-01"}, "3A090.a"),
        ({"designer_status": "other", "transistor_count_billion": "31", "on": "2025-01-15"}, None),
        ({"exporter_role": "other"}, None),
    ],
)
def test_what_a_fabricator_presumes(changed: dict[str, str], code: str | None) -> None:
    assert ask(**{**FOUNDRY, **changed}).classification == code


def test_a_presumption_not_settled_is_undetermined() -> None:
    answer = ask(**FOUNDRY)
    assert answer.undetermined
    assert {"designer_status", "transistor_count_billion"} <= set(answer.missing)


def test_an_assembly_is_4a090() -> None:
    answer = ask(item="hgx-h200", **{name: value for name, value in H200.items() if name != "item"})
    assert answer.classification == "3A090.a"
    assert "4A090.a" in answer.explanation.as_text()


# End uses and end users


T4 = {"tpp": "1040", "performance_density": "1.9", "datacenter": "yes", "dram_bandwidth_gb_per_s": "320"} | {
    "io_bandwidth_gb_per_s": "32", "manufacturer": "NVIDIA", "on": "2024-06-01", **CHINA
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"military_end_use": "no"}, "MET"),
        ({"military_end_use": ""}, "UNDETERMINED"),
        ({"military_end_use": "yes"}, "UNDETERMINED"),
        ({"military_end_use": "yes", "us_licence": "no"}, "NOT_MET"),
        ({"military_end_use": "", "to": "DE"}, "MET"),
        ({"military_end_use": "no", "supercomputer_end_use": "yes", "us_licence": "no"}, "NOT_MET"),
        ({"military_end_use": "no", "supercomputer_end_use": "no"}, "MET"),
        ({"military_end_use": "no", "party_screening": "no"}, "UNDETERMINED"),
        ({"military_end_use": "no", "party_screening": "yes"}, "MET"),
    ],
)
def test_end_uses_hold_the_verdict_alone(changed: dict[str, str], verdict: str) -> None:
    answer = gate(**{**T4, **changed})
    assert answer["licence_required"] == "no"
    assert answer["verdict"] == verdict


@pytest.mark.parametrize(
    ("on", "share", "verdict"),
    [
        ("2025-09-28", "0.5", "MET"),
        ("2025-09-29", "0.5", "NOT_MET"),
        ("2025-09-29", "0.49", "MET"),
        ("2025-09-29", "", "MET"),
        ("2025-11-09", "0.5", "NOT_MET"),
        ("2025-11-10", "0.5", "MET"),
        ("2026-11-09", "1", "MET"),
        ("2026-11-10", "0.5", "UNDETERMINED"),
        ("2026-11-10", "0.49", "MET"),
    ],
)
def test_the_affiliates_rule_comes_and_goes(on: str, share: str, verdict: str) -> None:
    row = {**T4, "on": on, "military_end_use": "no", "us_licence": "no", "listed_owner_fraction": share}
    assert gate(**row)["verdict"] == verdict


def test_since_november_2026_the_affiliates_rule_is_a_dated_unknown() -> None:
    warnings = ask(**{**T4, "on": "2026-11-10"}).all_warnings
    assert any("affiliates rule since 2026-11-10" in text for text in warnings)


# Letters and guidance


@pytest.mark.parametrize(
    ("columns", "on", "required"),
    [
        ({"item": "h20-96"}, "2025-04-08", "no"),
        ({"item": "h20-96"}, "2025-04-09", "yes"),
        ({"item": "h20-96", "exporter": "NVIDIA Corporation"}, "2025-04-09", "yes"),
        ({"item": "h20-96", "exporter": "Somebody Else"}, "2025-04-09", "no"),
        ({"item": "h20-96", "to": "DE", "end_user_hq": "DE", "ultimate_parent": "DE"}, "2025-04-09", "no"),
        ({"item": "h20-96", "to": "SG", "end_user_hq": "SG", "ultimate_parent": "CN"}, "2025-04-09", "yes"),
        ({"item": "mi308x"}, "2025-04-14", "no"),
        ({"item": "mi308x"}, "2025-04-15", "yes"),
        ({"item": "l40s"}, "2023-10-22", "no"),
        ({"item": "l40s"}, "2023-10-23", "yes"),
        ({"item": "a800-sxm-80", "exporter": "AMD"}, "2023-10-23", "no"),
        ({"item": "rtx-4090"}, "2023-10-23", "no"),
        ({"tpp": "1000", "performance_density": "1", "datacenter": "yes", "dram_bandwidth_gb_per_s": "1400"}, "2025-06-01", "undetermined"),
        ({"tpp": "1000", "performance_density": "1", "datacenter": "yes", "dram_bandwidth_gb_per_s": "1400", "manufacturer": "Intel"}, "2025-06-01", "yes"),
        ({"tpp": "1000", "performance_density": "1", "datacenter": "yes", "dram_bandwidth_gb_per_s": "1399", "io_bandwidth_gb_per_s": "300", "manufacturer": "Intel"}, "2025-06-01", "no"),
        ({"tpp": "1000", "performance_density": "1", "datacenter": "yes", "dram_bandwidth_gb_per_s": "1399", "io_bandwidth_gb_per_s": "301", "manufacturer": "Intel"}, "2025-06-01", "yes"),
    ],
)  # fmt: skip
def test_letters_bind_their_addressee(columns: dict[str, str], on: str, required: str) -> None:
    assert gate(**{**CHINA, **columns, "on": on})["licence_required"] == required


def test_a_letter_takes_the_exceptions_away() -> None:
    row = {
        "tpp": "5000",
        "performance_density": "6",
        "datacenter": "no",
        "manufacturer": "NVIDIA",
        "on": "2025-06-01",
        **CHINA,
    }
    assert gate(**row, dram_bandwidth_gb_per_s="1000", io_bandwidth_gb_per_s="64")["exceptions"] == ["NAC"]
    assert gate(**row, dram_bandwidth_gb_per_s="4000", io_bandwidth_gb_per_s="64")["exceptions"] == []


def test_an_unknown_addressee_is_asked_for() -> None:
    row = {"tpp": "1000", "performance_density": "1", "datacenter": "yes", "dram_bandwidth_gb_per_s": "1400"}
    assert "exporter" in ask(on="2025-06-01", **CHINA, **row).missing
    row["dram_bandwidth_gb_per_s"] = ""
    assert {"dram_bandwidth_gb_per_s", "io_bandwidth_gb_per_s"} <= set(
        ask(on="2025-06-01", **CHINA, **row).missing
    )


@pytest.mark.parametrize(
    ("columns", "on", "required"),
    [
        ({"item": "ascend-910b3"}, "2025-05-12", "no"),
        ({"item": "ascend-910b3"}, "2025-05-13", "yes"),
        ({"tpp": "5000", "datacenter": "yes", "designer_country": "CN"}, "2025-05-13", "yes"),
        ({"tpp": "1500", "datacenter": "yes", "designer_country": "CN"}, "2025-05-13", "no"),
    ],
)
def test_general_prohibition_10_reaches_everywhere(columns: dict[str, str], on: str, required: str) -> None:
    row = {
        "kind": "in-country-transfer",
        "from": "DE",
        "to": "DE",
        "end_user_hq": "DE",
        "ultimate_parent": "DE",
    }
    found = gate(**{**row, **columns, "on": on})
    if on == "2025-05-12":  # the text of AI Diffusion reaches the destination, unenforced
        assert (found["licence_required"], found["licence_enforced"]) == ("yes", "no")
    else:
        assert found["licence_required"] == required


# Exceptions


RTX = {"item": "rtx-4090", "on": "2026-02-01", **CHINA, "military_end_use": "no"}


@pytest.mark.parametrize(
    ("changed", "exceptions"),
    [
        ({}, ["NAC"]),
        ({"kind": "in-country-transfer", "from": "CN"}, ["ACA"]),
        ({"kind": "", "from": ""}, ["NAC", "ACA"]),
        ({"to": "SA", "end_user_hq": "SA", "ultimate_parent": "SA"}, ["ACA"]),
        ({"to": "SA", "end_user_hq": "SA", "ultimate_parent": "CN"}, ["NAC"]),
        ({"to": "RU"}, []),
        ({"military_end_use": "yes"}, []),
        ({"on": "2023-11-16"}, []),
        ({"on": "2023-11-17"}, ["NAC"]),
        ({"on": "2024-04-03", "to": "SA", "end_user_hq": "SA", "ultimate_parent": "SA"}, ["NAC"]),
        ({"on": "2024-04-04", "to": "SA", "end_user_hq": "SA", "ultimate_parent": "SA"}, ["ACA"]),
        ({"datacenter": "yes"}, []),
        ({"datacenter": "unknown", "item": "", "tpp": "5000", "manufacturer": "X"}, []),
    ],
)
def test_exceptions(changed: dict[str, str], exceptions: list[str]) -> None:
    assert gate(**{**RTX, **changed})["exceptions"] == exceptions


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "UNDETERMINED"),
        ({"purchase_order": "yes"}, "UNDETERMINED"),
        ({"purchase_order": "yes", "nac_confirmed": "yes"}, "MET"),
        ({"purchase_order": "no", "nac_confirmed": "yes"}, "NOT_MET"),
        ({"purchase_order": "yes", "nac_confirmed": "yes", "nac_notified_on": "2026-01-07"}, "MET"),
        ({"purchase_order": "yes", "nac_confirmed": "yes", "nac_notified_on": "2026-01-08"}, "NOT_MET"),
        ({"purchase_order": "yes", "nac_confirmed": "yes", "military_end_use": ""}, "UNDETERMINED"),
    ],
)
def test_an_exception_needs_its_conditions(changed: dict[str, str], verdict: str) -> None:
    assert gate(**{**RTX, "us_licence": "no", **changed})["verdict"] == verdict


def test_aca_asks_for_an_order_only() -> None:
    row = {
        **RTX,
        "to": "SA",
        "end_user_hq": "SA",
        "ultimate_parent": "SA",
        "us_licence": "no",
        "purchase_order": "yes",
    }
    assert gate(**row)["verdict"] == "MET"
    assert [condition["id"] for condition in gate(**row)["conditions"]] == ["us-ear.740-8.purchase-order"]


def test_a_condition_that_may_not_be_asked_is_unknown() -> None:
    row = {
        **RTX,
        "on": "2023-12-01",
        "to": "SA",
        "end_user_hq": "",
        "ultimate_parent": "",
        "nac_confirmed": "no",
    }
    assert status(gate(**row)["conditions"], "notification") == "unknown"
    assert status(gate(**{**row, "ultimate_parent": "CN"})["conditions"], "notification") == "unmet"


# Destinations and the United Arab Emirates


@pytest.mark.parametrize(
    ("item", "on", "supp8", "required", "enforced"),
    [
        ("h100-sxm", "2026-07-09", "", "yes", "yes"),
        ("h100-sxm", "2026-07-10", "", "undetermined", "undetermined"),
        ("h100-sxm", "2026-07-10", "no", "yes", "yes"),
        ("h100-sxm", "2026-07-10", "yes", "undetermined", "undetermined"),
        ("l40", "2026-07-10", "", "undetermined", "undetermined"),
        ("l40", "2026-07-10", "no", "yes", "yes"),
        ("l40", "2026-07-10", "yes", "no", "no"),
    ],
)
def test_the_emirates_in_july_2026(item: str, on: str, supp8: str, required: str, enforced: str) -> None:
    row = {"kind": "export", "from": "US", "to": "AE", "end_user_hq": "AE", "ultimate_parent": "AE"}
    answer = ask(item=item, on=on, supp8_approved=supp8, **row)
    found = answer.as_dict()["gates"]["us-export"]
    assert (found["licence_required"], found["licence_enforced"]) == (required, enforced)
    assert ("supp8_approved" in answer.missing) is (required == "undetermined" and not supp8)


@pytest.mark.parametrize(
    ("on", "to", "required"),
    [
        ("2022-10-21", "MO", "no"),
        ("2023-01-16", "MO", "no"),
        ("2023-01-17", "MO", "yes"),
        ("2022-10-21", "HK", "yes"),
        ("2022-10-21", "SA", "no"),
        ("2023-11-17", "SA", "yes"),
        ("2023-11-17", "IL", "no"),
        ("2023-11-17", "US", "no"),
    ],
)
def test_destinations_through_time(on: str, to: str, required: str) -> None:
    row = {"item": "a100-sxm-80", "kind": "export", "end_user_hq": "FR", "ultimate_parent": "FR"}
    assert gate(on=on, to=to, **row)["licence_required"] == required


def test_remote_access_moves_nothing() -> None:
    found = ask(**{**H200, "kind": "remote-access"})
    assert found.as_dict()["gates"]["us-export"]["licence_required"] == "no"
    assert any("Renting computing capacity" in text for text in found.all_warnings)


def test_unenforced_text_is_said() -> None:
    row = {
        "item": "h100-sxm",
        "on": "2025-06-15",
        "kind": "export",
        "to": "IN",
        "end_user_hq": "IN",
        "ultimate_parent": "IN",
    }
    assert any("does not enforce" in text for text in ask(**row).all_warnings)


# Proposed bills and the shape of the answer


def test_proposed_bills_are_off_unless_asked_for() -> None:
    assert "proposed" not in ask(**H200).as_dict()
    row = {**H200, "item": "h20-96"}
    proposed = {
        found["id"]: found["reaches"] for found in ask(with_proposed=True, **row).as_dict()["proposed"]
    }
    assert proposed["us-bill.safe-chips"] == "yes"
    assert proposed["us-bill.ai-overwatch"] == "no"
    assert proposed["us-bill.scale"] == "no"
    assert gate(**row)["licence_required"] == "yes"


def test_distances_are_given_for_every_line() -> None:
    distances = ask(**H200).as_dict()["distances"]
    lines = {
        (found["provision"], found["line"], found["quantity"], found["operator"]): found["margin"]
        for found in distances
    }
    assert lines["us-ear.3a090.a", "a.1", "tpp", ">="] == 11032
    assert lines["us-ear.742-6.b-10-iii-a-1-case-by-case", "dd", "dram_bandwidth_gb_per_s", "<"] == -1700
    assert lines["us-section-232.duty", "box-a", "tpp", ">"] == 1832


def test_the_explanation_holds_the_numbers() -> None:
    answer = ask(**H200)
    text = answer.explanation.as_text()
    assert "here 15,832" in text
    assert "explanation" in answer.as_dict(explain=True)
    assert "us-ear.3a090.a" in answer.as_dict()["citations"]


def test_unknown_density_between_bounds() -> None:
    row = {"tpp": "2000", "datacenter": "yes", "manufacturer": "X", "on": "2024-06-01", **CHINA}
    answer = ask(**row)
    assert answer.undetermined
    assert "performance_density" in answer.missing
    assert answer.as_dict()["classification_status"] == "undetermined"
