"""A claim: what one passage of one document says about one thing."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.evidence.documents import Document

QUOTE_MAX = 300


@dataclass(frozen=True, slots=True)
class Claim:
    """What a passage says: ``subject`` has ``attribute`` ``value``.

    ``value`` is a number where the passage gives one, else words; ``low`` and ``high`` bound it where the wording
    allows, None is open. ``char_start`` and ``char_end`` (exclusive) are code points of the document's text.
    ``hedge`` is one of none, approx, over, under, up_to, reported, may. ``polarity`` is False for a denial.
    ``attributed_to`` names who says so. ``subject_id`` and ``value_id`` are catalogue or table ids where known.
    ``pattern`` names the row of the tables that made the claim. ``valid`` is the time the claim is about where its sentence
    gives one (ISO day, month, year or ``low/high``): revenue of one quarter is not that of another.
    """

    id: str
    document: str
    quote: str
    char_start: int
    char_end: int
    subject: str
    attribute: str
    value: float | str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    hedge: str = "none"
    polarity: bool = True
    attributed_to: str = ""
    subject_id: str = ""
    value_id: str = ""
    pattern: str = ""
    valid: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The claim as JSON has it."""
        return {
            "id": self.id,
            "document": self.document,
            "quote": self.quote,
            "char_start": self.char_start,
            "char_end": self.char_end,
            "subject": self.subject,
            "attribute": self.attribute,
            "value": whole(self.value),
            "unit": self.unit,
            "low": whole(self.low),
            "high": whole(self.high),
            "hedge": self.hedge,
            "polarity": self.polarity,
            "valid": self.valid,
            "attributed_to": self.attributed_to,
            "subject_id": self.subject_id,
            "pattern": self.pattern,
        }


def whole(value: float | str | None) -> float | int | str | None:
    """A number without a needless ``.0``.

    >>> whole(400000.0), whole(4.8), whole("Hopper")
    (400000, 4.8, 'Hopper')
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def claim_id(
    document: str, start: int, end: int, subject: str, attribute: str, value: float | str, polarity: bool
) -> str:
    """The id of a claim: the same words of the same document say the same, so it outlives another reading."""
    key = f"{document}|{start}|{end}|{subject}|{attribute}|{value}|{polarity}"
    return "c-" + hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]


def identify(claim: Claim) -> Claim:
    """A claim of another reader with our id."""
    fields = (
        claim.document,
        claim.char_start,
        claim.char_end,
        claim.subject,
        claim.attribute,
        claim.value,
        claim.polarity,
    )
    return replace(claim, id=claim_id(*fields))


def make_claim(
    document: Document,
    span: tuple[int, int],
    subject: tuple[str, str],
    attribute: str,
    value: float | str,
    *,
    polarity: bool = True,
    **rest: Any,
) -> Claim:
    """A claim with its quote and id.

    Args:
        document: What makes it.
        span: First character of the quote and the one behind its last, in code points.
        subject: What it is about, in words and as an id.
        attribute: Name in the controlled vocabulary.
        value: What is said.
        polarity: False for a denial.
        rest: Further fields of `Claim`.
    """
    start, end = span
    return Claim(
        claim_id(document.id, start, end, subject[0], attribute, value, polarity), document.id, document.text[start:end],
        start, end, subject[0], attribute, value, polarity=polarity, subject_id=subject[1], **rest,
    )  # fmt: skip


def check_claim(claim: Claim, document: Document) -> None:
    """Hold a claim against its document.

    Raises:
        LockgateError: ``quote-not-in-document`` where the quote is not what stands at its offsets, ``quote-too-long``.
    """
    found = document.text[claim.char_start : claim.char_end]
    if claim.document != document.id or not found or found != claim.quote:
        raise LockgateError(
            f"the quote {claim.quote[:60]!r} does not stand at {claim.char_start}:{claim.char_end} of {document.id}",
            code="quote-not-in-document",
            hint="a reader must return the exact words and their offsets in code points",
        )
    if len(found) > QUOTE_MAX:
        raise LockgateError(
            f"a quote of {len(found)} characters", code="quote-too-long", hint=f"at most {QUOTE_MAX}"
        )
