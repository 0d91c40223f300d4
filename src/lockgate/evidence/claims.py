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
    ``pattern`` names the row of the tables that made the claim.
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
    stated_on: str = ""

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


def identify(claim: Claim) -> Claim:
    """The claim with its id: the same words of the same document say the same, so the id outlives another reading."""
    key = f"{claim.document}|{claim.char_start}|{claim.char_end}|{claim.subject}|{claim.attribute}|{claim.value}|{claim.polarity}"
    return replace(claim, id="c-" + hashlib.sha256(key.encode()).hexdigest()[:12])


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
