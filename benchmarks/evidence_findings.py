"""Which of the hand-made groups of contradictions are found, with the right kind and at the right claims.

A group is found if a finding of its kind holds at least one claim that matches one of the group's claims. The statement is for
a person to read: ``python -m benchmarks evidence_findings`` prints it beside the group.
"""

import csv
from pathlib import Path

from benchmarks.evidence_seeds import SHARED, load, pair
from lockgate.services.read import Reading, read_files

DECIDABLE = [
    "G01",
    "G02",
    "G03",
    "G04",
    "G06",
    "G07",
    "G10",
    "G11",
    "G12",
    "G14",
    "G15",
    "G16",
    "G17",
    "G18",
    "G20",
    "G24",
    "G25",
    "G26",
    "G27",
    "G34",
    "G35",
]


def groups(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def found_groups(reading: Reading, gold: Path, contradictions: Path) -> dict[str, list[str]]:
    """Group id -> statements of the findings that find it."""
    matched = {row: claim.id for row, claim in pair(reading.claims, load(gold)).items()}
    result: dict[str, list[str]] = {}
    for group in groups(contradictions):
        ids = {matched[row] for row in group["claim_ids"].split(";") if row in matched}
        result[group["group_id"]] = [
            finding.statement
            for finding in reading.findings
            if finding.kind == group["kind"] and ids & set(finding.claims)
        ]
    return result


def main() -> None:
    evidence = SHARED / "facts" / "evidence"
    reading = read_files([SHARED / "seeds"])
    found = found_groups(reading, evidence / "seed_claims.csv", evidence / "seed_contradictions.csv")
    for group in groups(evidence / "seed_contradictions.csv"):
        mark = "+" if found[group["group_id"]] else "-"
        print(f"{mark} {group['group_id']} {group['kind']}: {group['disagreement'][:110]}")
        for statement in found[group["group_id"]]:
            print(f"      {statement}")
    hits = sum(bool(found[name]) for name in DECIDABLE)
    used = {statement for statements in found.values() for statement in statements}
    print(f"decidable groups found: {hits} of {len(DECIDABLE)}; findings in all: {len(reading.findings)}")
    for finding in reading.findings:
        if finding.statement not in used:
            print(f"beyond the groups: {finding.kind} {finding.statement}")


if __name__ == "__main__":
    main()
