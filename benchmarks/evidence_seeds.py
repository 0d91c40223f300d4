"""How well the reader reads: its claims against a hand-made table of claims.

``python -m benchmarks evidence_seeds [FOLDER GOLD.csv]`` reads every text of a folder and scores the claims. A claim
matches a row of the table if both are of the same document and attribute, their spans of at most 300 characters overlap,
their subjects are the same and their values or intervals are equal. Words are compared as sets of stems: two subjects are
the same if they name the same chips, or one's words are among the other's, or half of all their words are shared; two
values in words likewise. Each row is matched at most once and each claim at most once.
"""

import csv
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from lockgate.catalogue.evidence import load_evidence_tables
from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.evidence.reading import Reader

SHARED = Path(__file__).parents[1] / ".." / "shared"
COMPLETE = ("000", "001", "002", "004")  # documents whose table aims to be complete
STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "and",
        "or",
        "its",
        "their",
        "s",
        "vs",
        "import",
        "approval",
        "sale",
    ]
)


@dataclass(frozen=True)
class Row:
    id: str
    document: str
    start: int
    end: int
    subject: str
    attribute: str
    value: str
    low: str
    high: str


def load(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as file:
        return [
            Row(
                row["claim_id"], row["doc"], int(row["char_start"]), int(row["char_end"]), row["subject"],
                row["attribute"], row["value"], row["low"], row["high"],
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def stems(text: str) -> frozenset[str]:
    words = re.findall(
        r"[a-z0-9.]+|[\u3400-\u9fff]", text.lower().replace("-", " ").replace("licence", "license")
    )
    return frozenset(re.sub(r"(ing|ed|es|s)$", "", word) if len(word) > 4 else word for word in words) - STOP


def alike(one: str, other: str) -> bool:
    a, b = stems(one), stems(other)
    if not a or not b:
        return one.strip().lower() == other.strip().lower()
    return a <= b or b <= a or 2 * len(a & b) >= len(a | b)


CHIP = re.compile(r"\b(?:(?:GB|MI|BR|MLU|[ABHLS])\d{2,4}[A-Z]{0,2}|\d{3,4}[A-Z]{1,2})\b")


def same_subject(one: str, other: str) -> bool:
    chips = frozenset(CHIP.findall(one)), frozenset(CHIP.findall(other))
    return (bool(chips[0]) and chips[0] == chips[1]) or alike(one, other)


def number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def same_value(claim: Claim, row: Row) -> bool:
    value = number(row.value)
    if value is not None and isinstance(claim.value, float):
        return abs(claim.value - value) <= 1e-6 * max(1.0, abs(value))
    bounds = number(row.low), number(row.high)
    if bounds != (None, None) and not row.low.count("-"):
        return bounds == (claim.low, claim.high)
    return alike(str(claim.value), row.value)


def matches(claim: Claim, row: Row, *, strict: bool = False) -> bool:
    return (
        claim.document == row.document
        and claim.attribute == row.attribute
        and claim.char_start < row.end
        and row.start < claim.char_end
        and claim.char_end - claim.char_start <= 300
        and (claim.subject == row.subject if strict else same_subject(claim.subject, row.subject))
        and same_value(claim, row)
    )


def pair(claims: list[Claim], rows: list[Row], *, strict: bool = False) -> dict[str, Claim]:
    """Row id -> the claim that matches it, each used once (augmenting paths, so the order does not matter)."""
    options = {row.id: [claim for claim in claims if matches(claim, row, strict=strict)] for row in rows}
    owner: dict[str, str] = {}

    def place(row: str, seen: set[str]) -> bool:
        for claim in options[row]:
            if claim.id not in seen:
                seen.add(claim.id)
                if claim.id not in owner or place(owner[claim.id], seen):
                    owner[claim.id] = row
                    return True
        return False

    for row in rows:
        place(row.id, set())
    by_id = {claim.id: claim for claim in claims}
    return {row: by_id[claim] for claim, row in owner.items()}


def read_folder(folder: Path) -> list[Claim]:
    reader = Reader(load_evidence_tables())
    return [
        claim
        for path in sorted(folder.glob("*.txt"))
        for claim in reader.read(Document(path.name, path.read_text(encoding="utf-8")))
    ]


def score(claims: list[Claim], rows: list[Row], complete: tuple[str, ...]) -> dict[str, float]:
    found = pair(claims, rows)
    judged = [claim for claim in claims if claim.document.startswith(complete)]
    right = {claim.id for claim in found.values()}
    return {
        "claims": len(claims),
        "recall": len(found) / len(rows),
        "precision": sum(claim.id in right for claim in judged) / max(1, len(judged)),
        "recall_same_subject_words": len(pair(claims, rows, strict=True)) / len(rows),
    }


def main() -> None:
    folder, gold = (
        (Path(sys.argv[-2]), Path(sys.argv[-1]))
        if len(sys.argv) >= 4
        else (SHARED / "seeds", SHARED / "facts" / "evidence" / "seed_claims.csv")
    )
    rows, claims = load(gold), read_folder(folder)
    found = pair(claims, rows)
    right = {claim.id for claim in found.values()}
    for row in rows:
        if row.id not in found:
            print(
                f"missed  {row.id} {row.document[:3]} {row.start}-{row.end} {row.attribute} [{row.subject}] {row.value}"
            )
    for claim in claims:
        if claim.id not in right and claim.document.startswith(COMPLETE):
            print(
                f"extra   {claim.document[:3]} {claim.char_start}-{claim.char_end} {claim.attribute} [{claim.subject}] {claim.value}  {claim.quote[:60]!r}"
            )
    print({name: round(value, 3) for name, value in score(claims, rows, COMPLETE).items()})


if __name__ == "__main__":
    main()
