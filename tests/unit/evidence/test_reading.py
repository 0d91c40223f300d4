"""What the reader makes of sentences: paraphrases, negations, other moments of the affair, Chinese."""

import csv
import datetime as dt
from pathlib import Path

import pytest

from lockgate.evidence.claims import Claim, check_claim
from lockgate.evidence.documents import Document
from lockgate.evidence.reading import Reader
from tests.unit.evidence.conftest import Read

ARTICLES = Path(__file__).parent / "articles"


def has(claims: list[Claim], attribute: str, value: float | str, subject: str = "") -> bool:
    return any(
        claim.attribute == attribute
        and (claim.value == value or str(claim.value).lower() == str(value).lower())
        and subject.lower() in claim.subject.lower()
        for claim in claims
    )


@pytest.mark.parametrize(
    ("text", "attribute", "value", "subject"),
    [
        ("China has approved imports of over 400,000 H200 chips.", "quantity.units", 400_000, "H200 import approval"),
        ("Beijing gave the green light to 400,000 H200s.", "quantity.units", 400_000, "H200"),
        ("Chinese regulators cleared the first batch of H200 imports.", "approval.status", "approved (first batch)", "China->H200"),
        ("Beijing signed off on purchases of Nvidia's H200.", "approval.status", "approved", "China->H200"),
        ("China did not approve imports of the H200.", "approval.status", "not approved", "China->H200"),
        ("China has not approved any H200 imports.", "approval.status", "not approved", "China->H200"),
        ("Beijing plans to approve some H200 imports.", "approval.status", "approval expected", "China->H200"),
        ("Chinese customs blocked shipments of the H200.", "approval.status", "blocked", "H200"),
        ("Chinese firms have ordered more than 2 million H200 chips.", "orders.units", 2e6, "H200"),
        ("Orders for the H200 exceed 2 million.", "orders.units", 2e6, "H200"),
        ("Nvidia holds about 700,000 H200s in stock.", "inventory.units", 700_000, "H200"),
        ("Tencent wants 200,000 H200 chips.", "demand.units", 200_000, "H200"),
        ("Nvidia has shipped 10,000 H200 processors to Tencent.", "shipment.units", 10_000, "H200"),
        ("Each customer may buy no more than 75,000 H200 chips.", "quota.per_customer", 75_000, "H200"),
        ("The H200 is priced at $27,000.", "price.usd", 27_000, "H200"),
        ("A module of eight H200 chips costs 1.5 million yuan.", "price.cny_m", 1.5, "H200 module"),
        ("Nvidia took a $4.5 billion charge on the H20.", "charge.usd_bn", 4.5, "Nvidia H20"),
        ("Nvidia will pay the US government 15% of its H20 revenue.", "fee.pct", 15, "H20"),
        ("A 25% tariff on the H200 takes effect.", "tariff.pct", 25, "H200"),
        ("China accounted for 13% of Nvidia's revenue.", "share.revenue_pct", 13, "Nvidia"),
        ("The total processing performance must be less than 21,000 for case-by-case review.", "threshold.tpp", "<21000", ""),
        ("Chips with a performance density of 5.92 or more are controlled.", "threshold.performance_density", 5.92, ""),
        ("The rule covers chips with total DRAM bandwidth below 6,500 GB/s.", "threshold.dram_gbs", "<6500", ""),
        ("The H200's TPP is 15,832.", "chip.tpp", 15_832, "H200"),
        ("The H20 has 96GB of HBM3 memory.", "chip.memory_gb", 96, "H20"),
        ("The MI308 has 5.3 TB/s of memory bandwidth.", "chip.memory_bandwidth_tbs", 5.3, "MI308"),
        ("The H200 was announced in November 2023.", "chip.announce_date", "2023-11", "H200"),
        ("The H200 is six times as powerful as the H20.", "perf.ratio", 6, "H200 vs H20"),
        ("The 910C delivers 60% of the H100's performance.", "perf.ratio", 0.6, "910C vs H100"),
        ("The B200 is 30% slower than the B300.", "perf.ratio", 0.7, "B200 vs B300"),
        ("The new rule took effect on January 15, 2026.", "policy.effective_date", "2026-01-15", ""),
        ("Huawei will produce 600,000 Ascend 910C chips.", "quantity.units", 600_000, "910C production"),
        ("Smugglers moved 5,000 H100 chips.", "quantity.units", 5_000, "H100 smuggled"),
        ("Approved buyers include ByteDance and Tencent.", "recipient", "ByteDance", ""),
        ("Nvidia declined to comment.", "statement.comment", "declined", "Nvidia"),
        ("中国已批准进口超过40万颗英伟达H200芯片。", "quantity.units", 400_000, "H200"),
        ("中国企业已订购超过200万颗H200芯片。", "orders.units", 2e6, "H200"),
        ("美国政府将抽取H200销售额的25%。", "fee.pct", 25, "H200"),
        ("输往中国的H200不得超过美国客户采购总量的一半，出口须经批准。", "quota.total", 50, "H200"),
        ("Exports of the H200 to China may not exceed half of what US customers buy.", "quota.total", 50, "H200"),
    ],
)  # fmt: skip
def test_a_sentence_makes_a_claim(
    read: Read, text: str, attribute: str, value: float | str, subject: str
) -> None:
    claims = read(text, dt.date(2026, 1, 28))
    assert has(claims, attribute, value, subject), [
        (claim.attribute, claim.value, claim.subject) for claim in claims
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Nvidia shares rose 2.3% to $180 in premarket trading.",
        "The company employs 36,000 people.",
        "Visitors queued for two hours.",
        "ByteDance will spend $14 billion on data centers.",
        "In 2025 the committee met 12 times.",
    ],
)
def test_what_is_not_of_the_affair_makes_no_number(read: Read, text: str) -> None:
    assert [claim for claim in read(text) if isinstance(claim.value, float)] == []


def test_every_claim_points_at_its_exact_words(reader: Reader) -> None:
    for path in sorted(ARTICLES.glob("*.txt")):
        document = Document(path.name, path.read_text(encoding="utf-8"))
        for claim in reader.read(document):
            check_claim(claim, document)


def test_hedges_bound_the_value(read: Read) -> None:
    hedges = {
        "over": "China approved more than 400,000 H200 chips.",
        "approx": "China approved about 400,000 H200 chips.",
        "up_to": "China approved up to 400,000 H200 chips.",
        "under": "China approved fewer than 400,000 H200 chips.",
        "none": "China approved 400,000 H200 chips.",
    }
    bounds = {
        "over": (4e5, None),
        "approx": (None, None),
        "up_to": (None, 4e5),
        "under": (None, 4e5),
        "none": (4e5, 4e5),
    }
    for hedge, text in hedges.items():
        claim = next(claim for claim in read(text) if claim.attribute == "quantity.units")
        assert (claim.hedge, claim.low, claim.high) == (hedge, *bounds[hedge])


def expected() -> list[dict[str, str]]:
    with (ARTICLES / "expected.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_articles_in_other_styles_are_read(reader: Reader) -> None:
    """Own articles with the claims that a person marked in them: the reader finds nine in ten, and little else."""
    from lockgate.services.document_files import read_document

    rows = expected()
    claims = [claim for path in sorted(ARTICLES.glob("*.txt")) for claim in reader.read(read_document(path))]
    named = {row["attribute"] for row in rows}
    left = list(rows)
    extra = []
    for claim in (claim for claim in claims if claim.attribute in named):
        hit = next((row for row in left if row["document"] == claim.document and row["attribute"] == claim.attribute and row["subject"] == claim.subject and row["value"] == str(claim.as_dict()["value"])), None)  # fmt: skip
        if hit is None:
            extra.append((claim.document, claim.attribute, claim.subject, claim.value))
        else:
            left.remove(hit)
    assert 1 - len(left) / len(rows) >= 0.9, left
    assert len(extra) <= 0.1 * len(claims), extra


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "China granted ByteDance, Alibaba and Tencent approval to import the H200.",
            {"ByteDance", "Alibaba", "Tencent"},
        ),
        (
            "Alibaba Group Holding and Tencent Holdings have been approved to buy the H200.",
            {"Alibaba", "Tencent"},
        ),
        ("The approval covers 400,000 H200 chips for ByteDance and Tencent.", {"ByteDance", "Tencent"}),
        ("China gave JD.com and Meituan the go-ahead to buy the H200.", {"JD.com", "Meituan"}),
        ("The regulator told ByteDance and Alibaba to stop buying the H20.", set()),
        ("Other buyers, among them JD.com, could be approved later.", set()),
        ("Alibaba and Tencent reported earnings.", set()),
    ],
)
def test_who_receives_and_who_does_not(read: Read, text: str, names: set[str]) -> None:
    assert {str(claim.value) for claim in read(text) if claim.attribute == "recipient"} == names


def test_a_table_gives_each_column_its_chip(read: Read) -> None:
    table = (
        "| Specification | H200 | H20 |\n|---|---|---|\n| Memory | 141GB HBM3e | 96GB HBM3 |\n"
        "| Bandwidth | 4.8 TB/s | 4.0 TB/s |\n| Price | $27,000 | $12,000 |\n\nChip | Memory\nAscend 910B | 64GB\nAscend 910C | 128GB\n"
    )
    found = {(claim.subject, claim.attribute): claim.value for claim in read(table)}
    assert found["H200", "chip.memory_gb"] == 141
    assert found["H20", "chip.memory_gb"] == 96
    assert found["H20", "chip.memory_bandwidth_tbs"] == 4
    assert found["H20", "price.usd"] == 12_000
    assert found["Huawei Ascend 910B", "chip.memory_gb"] == 64
    assert found["Huawei Ascend 910C", "chip.memory_gb"] == 128


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("Nvidia took a $5.5 billion hit on the H20.", "charge.usd_bn", 5.5),
        ("The AI chip market could hit $50 billion.", "market.size", 50),
        ("Under the deal 15% of the revenue from H20 sales goes to the US government.", "fee.pct", 15),
        ("Nvidia's revenue rose 15% to $46.7 billion.", "revenue.usd_bn", 46.7),
        ("Nvidia guided revenue to $45 billion, plus or minus 2%.", "revenue.usd_bn", 45),
    ],
)
def test_the_noun_that_an_amount_hangs_on(read: Read, text: str, attribute: str, value: float) -> None:
    numbers = [(claim.attribute, claim.value) for claim in read(text) if isinstance(claim.value, float)]
    assert numbers == [(attribute, value)]
