"""Sentences of other moments of the affair: letters, licences, duties, output; persons and who acts on whom."""

import datetime as dt

import pytest

from lockgate.evidence.documents import Document
from lockgate.services.read import Reading, read_documents
from tests.unit.evidence.conftest import Read

DAY = dt.date(2026, 1, 20)


def findings(text: str) -> set[str]:
    reading = Reading(documents=[Document("d", text, date=DAY)])
    return {finding.kind for finding in read_documents(reading).findings}


@pytest.mark.parametrize(
    ("text", "attribute", "value", "subject"),
    [
        ("On 9 April 2025, the US government told Nvidia that it would require a license to export the H20.", "policy.change_date", "2025-04-09", "US government controls"),
        ("The US government now requires a license for exports of the H20.", "policy.direction", "tightened", "US government controls"),
        ("Export restrictions on AI chips have been in place since 2022.", "policy.change_date", "2022", "US controls"),
        ("Nvidia has begun receiving export licenses for the H20.", "approval.status", "approved", "US->H20 export"),
        ("Licenses for the MI308 were granted last week.", "approval.status", "approved", "US->AMD MI308 export"),
        ("Beijing has discouraged local firms from using the H20.", "approval.status", "discouraged", "China->H20"),
        ("海关已告知报关代理，H200晶片不被允许进入大陆。", "approval.status", "blocked", "China customs->H200"),
        ("英伟达的H20芯片获准销陆。", "approval.status", "approved", "US->H20 export"),
        ("H200的性能大约是H20的六倍。", "perf.ratio", 6.0, "H200 vs H20"),
        ("Applications for the H200 will be reviewed case by case.", "policy.review", "case-by-case", "US licence review"),
        ("Low-risk orders with up to 1'700 H100 GPUs need no licence.", "orders.units", 1700.0, "H100 orders"),
        ("According to a February Reuters report, Nvidia sold the H20.", "source.attribution", "Reuters", "H20"),
        ("The H20 is out. Huawei sold 200,000 Ascend chips last year.", "shipment.units", 200_000.0, "Huawei"),
        ("China hasn't approved imports of the H200 yet.", "approval.status", "not approved", "China->H200 import"),
        ("Beijing didn’t approve the H200.", "approval.status", "not approved", "China->H200 import"),
        ("Production at TSMC starts soon, Nvidia selling the H200; TSMC would sell chips for $27,000 each.", "price.usd", 27_000.0, "H200"),
        ("The H200 is part of the Hopper generation.", "chip.architecture", "Hopper", "H200"),
        ("Nvidia takes a $5.5 billion financial hit on the H20 made for the Chinese market.", "charge.usd_bn", 5.5, "H20 charge"),
        ("The H200 is out. Shipments to China are capped at 50% of US volume, and the filing names the MI325X.", "quota.total", 50.0, "H200"),
        ("They tried to smuggle 50 of Nvidia's newer H200 chips beside 400 A100 GPUs.", "quantity.units", 50.0, "H200 smuggled"),
        ("On May 13, local time, the Bureau of Industry and Security (BIS) revoked the diffusion rule.", "policy.change_date", "2026-05-13", "BIS"),
        ("Nvidia could ship between $2 billion and $5 billion of H20 chips.", "revenue.usd_bn", "2-5", "Nvidia H20 revenue"),
    ],
)  # fmt: skip
def test_reads(read: Read, text: str, attribute: str, value: float | str, subject: str) -> None:
    claims = [claim for claim in read(text, DAY) if claim.attribute == attribute]
    assert any(claim.value == value and subject in claim.subject for claim in claims), claims


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        (
            "Firms sell the MI308 to China, thereby getting the green light to begin shipping it.",
            "approval.status",
        ),
        ("The H20 does not match Nvidia's flagship chips.", "chip.rank"),
        ("Nvidia's H20 waits as China faces a 245% tariff in retaliation.", "tariff.pct"),
        ("Officials met technology firms about the H200 on the 十三日還召集科技企業。", "recipient.count"),
        ("The H200 is no longer Nvidia's most advanced product.", "chip.rank"),
        ("Whether China will approve imports of the H200 remains uncertain.", "approval.status"),
        ("Two Chinese companies paid the defendants for A100 chips.", "recipient.count"),
        (
            "Customers had ordered more than $16 billion worth of H20 chips from sales staff.",
            "revenue.usd_bn",
        ),
        ("H20 sales brought a $3.45 billion payment to the government.", "revenue.usd_bn"),
        ("Nvidia gained from the release of $180 million of H20 inventory in sales.", "revenue.usd_bn"),
        (
            "H20 stock was written down, less than the $5.5 billion charge announced in April 2025.",
            "chip.announce_date",
        ),
    ],
)
def test_does_not_read(read: Read, text: str, attribute: str) -> None:
    assert not [claim for claim in read(text, DAY) if claim.attribute == attribute]


def test_a_gate_between_two_countries_is_not_about_a_chinese_chip(read: Read) -> None:
    text = "Huawei makes the Ascend 910C. The US has restricted sales of its best chips to China."
    subjects = {claim.subject for claim in read(text, DAY) if claim.attribute == "approval.status"}
    assert subjects == {"US->AI chip"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AMD CEO Jensen Huang spoke of the H200.", "vs_authority_person"),
        ("Nvidia chief executive Lisa Su spoke of the H200.", "vs_authority_person"),
        (
            "Shipments of the H200 to China are capped at 75% of the volume sold to US customers.",
            "vs_authority_value",
        ),
        ("The rule on the H200 took effect on 15 March 2026.", "vs_authority_date"),
        ("Export controls apply to chips above 4,800 TOPS.", "vs_authority_unit"),
    ],
)
def test_a_planted_error_is_found(text: str, kind: str) -> None:
    assert kind in findings(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nvidia CEO Jensen Huang and AMD CEO Lisa Su spoke of the H200.",
        "Shipments of the H200 to China may not exceed 50% of the volume sold to US customers.",
        "Chips with a TPP of 4,800 or more remain controlled; the H200 has a bandwidth of 4.8 TB/s.",
        "The rule on the H200 took effect on 15 January 2026.",
    ],
)
def test_what_agrees_with_the_record_is_not_flagged(text: str) -> None:
    assert not {kind for kind in findings(text) if kind.startswith("vs_authority")}
