"""Where a sentence leaves open whose a figure is, or whether something happened, nothing is said; own sentences."""

import time

import pytest

from tests.unit.evidence.conftest import Read


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("The H20 is sold in China. The Orbit ZX-90 card from another house has 128 GB of memory.", "chip.memory_gb"),
        ("Officials of the Trump administration still debate whether the H20 should be restricted.", "approval.status"),
        ("The lab said that the training cost on the H800 was $5.6 million.", "price.usd"),
        ("Nvidia's absence would also cost the state $3 billion in tax receipts.", "revenue.usd_bn"),
        ("Beijing retaliated by banning exports of gallium.", "quota.total"),
        ("Two 910B dies make one 910C, and each 910B die is made by SMIC.", "price.usd"),
        ("Nvidia sold no H20 in the quarter.", "shipment.units"),
        ("Buyers hurried ahead of a potential US ban on sales of the H20.", "approval.status"),
        ("China let three firms buy the H200 while cloud firms are spending billions on halls.", "quantity.units"),
        ("The Ascend 910C is Huawei's; the pod holds 384 Ascend 910C chips, and China approved imports of the rack.", "quantity.units"),
        ("The H800 belongs to products based on the Ampere and Hopper architectures.", "chip.architecture"),
        ("Nvidia and AMD together expect $7 billion of sales abroad, other makers of chips said.", "chip.memory_gb"),
        ("According to The Plain, President Trump will let Nvidia sell the H200.", "source.attribution"),
    ],
)  # fmt: skip
def test_says_nothing(read: Read, text: str, attribute: str) -> None:
    assert [claim for claim in read(text) if claim.attribute == attribute] == []


@pytest.mark.parametrize(
    ("text", "attribute", "value", "subject"),
    [
        ("Nvidia and AMD will hand over 15% of their sales in China. The H20 waits.", "fee.pct", 15.0, ""),
        ("| Chip | Memory |\n|---|---|\n| H20 | 96 GB |\n| H200 | 141 GB |\n", "chip.memory_gb", 141.0, "H200"),
        ("| Chip | Memory |\n|---|---|\n| H20 | 96 GB |\n| H200 | 141 GB |\n", "chip.memory_gb", 96.0, "H20"),
        ("Nvidia's market share in China fell from 90% to 40%. The H20 waits.", "share.market_pct", 40.0, "Nvidia"),
        ("The Ascend 910C is made at SMIC with a yield of 35%.", "chip.yield_pct", 35.0, ""),
        ("The H200 may be sold for a cut of 25%. Nvidia pays 15 percent of revenue from H20 sales to Washington.", "fee.pct", 15.0, "H20 "),
        ("The H200 isn't just fast: it has 141 GB of memory.", "chip.memory_gb", 141.0, "H200"),
        ("Nvidia ordered more H20 wafers from TSMC. It had taken a $4.5 billion charge on the H20 before.", "charge.usd_bn", 4.5, "Nvidia"),
        ("The H200 has a data transfer rate between chips of 0.9 TB/s.", "chip.interconnect_tbs", 0.9, "H200"),
        ("Nvidia expects $6 billion in lost revenue from the H20 this quarter.", "revenue.usd_bn", 6.0, "lost revenue"),
    ],
)  # fmt: skip
def test_says_whose(read: Read, text: str, attribute: str, value: float | str, subject: str) -> None:
    claims = [claim for claim in read(text) if claim.attribute == attribute]
    assert any(claim.value == value and subject in claim.subject and claim.polarity for claim in claims)


def test_time_grows_with_the_length_of_a_sentence_without_end(read: Read) -> None:
    def seconds(times: int) -> float:
        started = time.process_time()
        read("from 10 to 20 percent between 3 and 4 billion H200 chips were shipped " * times)
        return time.process_time() - started

    seconds(50)
    assert seconds(6000) < 12 * seconds(1000) + 0.5
