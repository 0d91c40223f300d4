"""Planted errors are found and true sentences left alone: for every chip, act and line on record, and for days, sums and units."""

import datetime as dt

import pytest
from benchmarks.evidence_errors import cases, verdicts

from lockgate.catalogue.evidence import load_evidence_tables
from lockgate.evidence.documents import Document
from lockgate.evidence.reading import Reader
from lockgate.services.read import Reading, read_documents
from lockgate.services.record import load_record

DAY = dt.date(2026, 2, 20)


def kinds(text: str) -> set[str]:
    reading = Reading(documents=[Document("d", text, date=DAY)])
    return {finding.kind for finding in read_documents(reading).findings}


def test_errors_of_every_sort_are_found_and_what_is_true_is_not_flagged() -> None:
    record = load_record()
    for sort, judged in verdicts(cases(record), record, Reader(load_evidence_tables())).items():
        missed = [case.text for case, said in judged if case.wrong and not said]
        flagged = [(case.text, said) for case, said in judged if not case.wrong and said]
        assert len(missed) <= 0.02 * len(judged), (sort, missed)
        assert not flagged, sort


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Customs was told on April 31, 2025 to stop the H20.", "vs_authority_date"),
        ("The Treasury Department revised its license review policy on January 13, 2026.", "vs_authority_actor"),
        ("On July 13, 2025, BIS rescinded the AI diffusion rule.", "vs_authority_date"),
        ("On January 15, 2026, the Commerce Department tightened its export controls.", "vs_authority_regime"),
        ("Buyers prefer AMD's H200.", "vs_authority_vendor"),
        ("The H200, designed by AMD, sells well.", "vs_authority_vendor"),
        ("The H200 has a memory bandwidth of 4.8 Tb/s.", "vs_authority_unit"),
        ("The H200 delivers 15,832 TOPS.", "vs_authority_unit"),
        ("The H200 has a TPP of 1,979.", "vs_authority_unit"),
        ("China approved 100,000 H200 chips for ByteDance, 90,000 chips for Alibaba and 80,000 chips for Tencent, a total of 400,000 chips.", "intra_doc"),
        ("The buyer ordered 20,000 H20 chips at $12,000 each, an order worth $2.4 billion.", "intra_doc"),
    ],
)  # fmt: skip
def test_one_error(text: str, kind: str) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Google's H100s run in its own halls.",
        "The H200, made by TSMC, is packed on the island.",
        "The H20's memory moves 32 Tbit/s, which is a memory bandwidth of 4 TB/s.",
        "The H20 was the most advanced chip that Nvidia could sell to China.",
        "Nvidia's share of the Chinese market fell from 95% to 50%.",
        "Nvidia earned $17 billion in China in 2024 and $12 billion in China in 2023.",
        "Talks of 30 April 2025 led to a letter of 14 April 2025.",
    ],
)
def test_what_looks_like_an_error_and_is_none(text: str) -> None:
    assert not {kind for kind in kinds(text) if kind.startswith(("vs_authority", "intra_doc"))}
