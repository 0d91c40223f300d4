"""A finding: claims that do not agree with one another, with the record, or with being several sources."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from lockgate.evidence.claims import Claim

Severity = Literal["low", "medium", "high"]

KINDS = frozenset(
    {
        "cross_seed_actor", "cross_seed_category", "cross_seed_causal", "cross_seed_disclosure", "cross_seed_duration",
        "cross_seed_numeric", "cross_seed_policy_direction", "cross_seed_rank", "cross_seed_set", "derivative_source",
        "intra_doc", "unverifiable", "vs_authority_actor", "vs_authority_coincidence", "vs_authority_date",
        "vs_authority_first", "vs_authority_outcome", "vs_authority_person", "vs_authority_price",
        "vs_authority_regime", "vs_authority_spec", "vs_authority_statement", "vs_authority_supply",
        "vs_authority_unit", "vs_authority_value", "vs_authority_vendor",
    }
)  # fmt: skip
"""Every kind. ``cross_seed`` compares documents, ``intra_doc`` one document with itself, ``vs_authority`` a claim with the
record; ``derivative_source`` says that several documents are one source; ``unverifiable`` that nothing on record decides."""


@dataclass(frozen=True, slots=True)
class Authority:
    """What a finding rests on: the id of a source and what it says."""

    source: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    ``statement`` says what is the case; ``settle`` what would settle it, empty where the record does.
    """

    id: str
    kind: str
    severity: Severity
    claims: tuple[str, ...]
    statement: str
    settle: str = ""
    authority: Authority | None = None

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "severity": self.severity,
            "claims": list(self.claims),
            "statement": self.statement,
            "settle": self.settle,
            "authority": {"source": self.authority.source, "value": self.authority.value}
            if self.authority
            else None,
        }


def find(
    kind: str,
    severity: Severity,
    claims: list[Claim] | tuple[Claim, ...],
    statement: str,
    settle: str = "",
    authority: Authority | None = None,
) -> Finding:
    """A finding with its id: the same claims and kind give the same id in another reading."""
    ids = tuple(dict.fromkeys(claim.id for claim in claims))
    key = hashlib.sha256("|".join((kind, *sorted(ids))).encode()).hexdigest()[:12]
    return Finding(f"f-{key}", kind, severity, ids, statement, settle, authority)


def shown(claim: Claim) -> str:
    """A claim's value as a person reads it: ">400,000 units"."""
    if isinstance(claim.value, float):
        number = f"{claim.value:,.12g}"
        sign = {"over": ">", "under": "<", "up_to": "≤", "approx": "~"}.get(claim.hedge, "")
        return f"{sign}{number} {claim.unit}".strip()
    return f"{claim.value} {claim.unit}".strip() if claim.unit not in ("date",) else str(claim.value)
