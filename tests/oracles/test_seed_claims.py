"""The bars for reading: scored against the hand-made tables of the five articles, where they are at hand."""

import pytest
from benchmarks.evidence_findings import DECIDABLE, found_groups
from benchmarks.evidence_seeds import COMPLETE, SHARED, load, score

from lockgate.services.read import Reading, read_files

EVIDENCE = SHARED / "facts" / "evidence"

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared articles are not beside this checkout"
)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_files([SHARED / "seeds"])


def test_recall_and_precision(reading: Reading) -> None:
    result = score(reading.claims, load(EVIDENCE / "seed_claims.csv"), COMPLETE)
    assert result["recall"] >= 0.85
    assert result["precision"] >= 0.85


def test_contradictions(reading: Reading) -> None:
    found = found_groups(reading, EVIDENCE / "seed_claims.csv", EVIDENCE / "seed_contradictions.csv")
    assert sum(bool(found[name]) for name in DECIDABLE) >= 17
    assert not found["G13"]


def test_the_control_group_is_in_no_spec_finding(reading: Reading) -> None:
    """141 GB and 4.8 TB/s of the H200 are right and must not be flagged as wrong."""
    right = {
        claim.id
        for claim in reading.claims
        if claim.subject == "H200" and claim.attribute in ("chip.memory_gb", "chip.memory_bandwidth_tbs")
    }
    flagged = [
        finding
        for finding in reading.findings
        if set(finding.claims) & right and finding.kind != "vs_authority_coincidence"
    ]
    assert flagged == []
