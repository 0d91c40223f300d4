"""Claims against claims and against the record, one sentence or two at a time."""

import datetime as dt

import pytest

from lockgate.evidence.documents import Document
from lockgate.evidence.findings import KINDS, Finding
from lockgate.services.read import Reading, read_documents

DAY = dt.date(2026, 1, 29)


def findings(*texts: str, on: dt.date | None = DAY) -> list[Finding]:
    reading = Reading(documents=[Document(f"d{number}", text, date=on) for number, text in enumerate(texts)])
    return read_documents(reading).findings


def kinds(*texts: str, on: dt.date | None = DAY) -> set[str]:
    return {finding.kind for finding in findings(*texts, on=on)}


def test_compatible_numbers_say_what_they_mean_together() -> None:
    (finding,) = [
        finding
        for finding in findings(
            "China approved imports of several hundred thousand H200 chips.",
            "China approved imports of 300,000-500,000 H200 chips.",
            "China approved imports of more than 400,000 H200 chips.",
        )
        if finding.kind == "cross_seed_numeric"
    ]
    assert "compatible" in finding.statement
    assert "between 400,000 and 500,000" in finding.statement
    assert finding.severity != "high"


def test_numbers_that_cannot_all_be_true() -> None:
    (finding,) = [
        finding
        for finding in findings("China approved imports of 82,000 H200 chips.", "China approved imports of more than 400,000 H200 chips.")
        if finding.kind == "cross_seed_numeric"
    ]  # fmt: skip
    assert finding.severity == "high"
    assert "no number satisfies" in finding.statement


def test_the_same_number_twice_is_no_finding() -> None:
    text = "The H200 has 141GB of HBM3e memory and 4.8TB/s of bandwidth."
    assert kinds(text, text.replace("The H200", "Nvidia's H200"), text) == set()


def test_two_lists_in_one_text_and_between_texts() -> None:
    one = "The recipients include Alibaba, Tencent and ByteDance. Companies like Baidu, Alibaba and ByteDance can now receive the H200."
    other = "The recipients of the H200 are Alibaba, Tencent and Baidu."
    assert {"intra_doc", "cross_seed_set"} <= kinds(one, other)
    assert "intra_doc" not in kinds(other)


def test_named_and_not_named_is_a_matter_of_version() -> None:
    found = [
        finding
        for finding in findings(
            "Sources declined to name the recipients of the H200.",
            "The recipients of the H200 are Alibaba and Tencent.",
        )
        if finding.kind == "cross_seed_disclosure"
    ]
    assert [finding.severity for finding in found] == ["low"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The H200, announced in November 2025, is fast.", "vs_authority_date"),
        ("The H200 was announced in March 2027.", "vs_authority_date"),
        ("The rule took effect on January 20, 2026.", "vs_authority_date"),
        ("The H200's peak performance is 5,200 TOPS.", "vs_authority_value"),
        ("The H20 has 141GB of memory. The H20 has 80GB of memory.", "vs_authority_spec"),
        ("The H200 has 192GB of HBM3e memory.", "vs_authority_spec"),
        ("The H200 is built on the Blackwell architecture.", "vs_authority_spec"),
        ("Huawei's Ascend 910B offers 640 TOPS with 80GB of memory.", "vs_authority_spec"),
        ("The Biren BR104 delivers 512 TOPS.", "vs_authority_spec"),
        ("The Cambricon S5000 is popular.", "vs_authority_vendor"),
        ("Huawei MLU590 is popular.", "vs_authority_vendor"),
        ("The H200 exceeds the current US export threshold of 4,800 TOPS.", "vs_authority_unit"),
        ("The H200 exceeds the current US export threshold of 4,800 TOPS.", "vs_authority_regime"),
        ("The export rule sets the limit at a TPP of 12,000.", "vs_authority_value"),
        ("Nvidia will pay the US government 40% of its H20 revenue.", "vs_authority_value"),
        ("The H200 tariff is 10%.", "vs_authority_value"),
        ("The H200 is priced at $90,000.", "vs_authority_price"),
        ("Each customer may buy no more than 20,000 H200 chips.", ""),
        ("Domestic chips reach a memory bandwidth of 2.5TB/s.", "vs_authority_spec"),
        ("This marks the first legal entry of Nvidia's H200 into China.", "vs_authority_first"),
        ("The Biden administration's export controls hit the H200.", "vs_authority_actor"),
        ("China has approved imports of the H200.", "vs_authority_outcome"),
        ("The recipients of the H200 include Alibaba, Meituan and Tencent.", "vs_authority_actor"),
        ('"It is a victory," said Tristan Harris of the AI Now Institute.', "vs_authority_person"),
        ("MLPerf shows Huawei's best chip reaching 68% of the H100's throughput.", "unverifiable"),
    ],
)  # fmt: skip
def test_a_claim_against_the_record(text: str, kind: str) -> None:
    found = kinds(text)
    assert found <= KINDS
    assert kind in found if kind else "vs_authority_spec" not in found


@pytest.mark.parametrize(
    "text",
    [
        "The H200, announced in November 2023, has 141GB of HBM3e memory and 4.8TB/s of bandwidth.",
        "The H200 is built on the Hopper architecture.",
        "The H200 delivers 1,979 TOPS of INT8 performance, or 3,958 TOPS with sparsity.",
        "The H20 has 96GB of HBM3 memory and 4TB/s of bandwidth.",
        "Huawei's Ascend 910B has 64GB of memory.",
        "The rule took effect on January 15, 2026 and covers chips with a total processing performance of less than 21,000.",
        "Nvidia will pay the US government 15% of its H20 revenue.",
        "Nvidia took a $4.5 billion charge on the H20 after it had warned of a $5.5 billion charge on the H20.",
        "The H200 is priced at about $27,000.",
        "The H200 is Nvidia's second most powerful AI chip.",
    ],
)
def test_what_is_right_is_not_flagged(text: str) -> None:
    assert [finding.statement for finding in findings(text)] == []


def test_tightened_and_relaxed() -> None:
    assert "cross_seed_policy_direction" in kinds(
        "The US Commerce Department tightened export controls.",
        "The US Commerce Department relaxed export controls.",
    )
    assert "cross_seed_policy_direction" not in kinds("The US Commerce Department tightened export controls.")


def test_copies_of_one_report_are_one_origin() -> None:
    texts = [
        "China approved imports of the H200, Reuters reported.",
        "China approved H200 imports, according to Reuters.",
        "China approved H200 imports, according to people familiar with the matter.",
    ]
    reading = read_documents(
        Reading(documents=[Document(f"d{n}", text, date=DAY) for n, text in enumerate(texts)])
    )
    (origin,) = reading.origins
    assert origin.name == "Reuters"
    assert origin.documents == ("d0", "d1")
    assert origin.probable == ("d2",)
    assert "derivative_source" in {finding.kind for finding in reading.findings}


def test_a_finding_names_its_claims_what_settles_it_or_its_authority() -> None:
    for finding in findings("The H200 has 192GB of memory.", "The H200 has 141GB of memory."):
        assert finding.claims
        assert finding.statement
        assert finding.settle or finding.authority
