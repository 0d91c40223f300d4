"""A determination as text: the answer first, numbered reasons, what is missing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lockgate.base.three_valued import word
from lockgate.controls.determination import GateAnswer

if TYPE_CHECKING:
    from lockgate.catalogue import Catalogue
    from lockgate.controls.determination import Determination

NAMES = {
    "us-export": "United States export",
    "cn-import": "China import",
    "us-section-232": "Section 232 duty",
}
SHOWN_WARNINGS = 6


def render(determination: "Determination", catalogue: "Catalogue", *, explain: bool = False) -> str:
    """The determination of one transaction as lines of text.

    Args:
        determination: What was found.
        catalogue: Where citations are written out.
        explain: Whether to add the whole reasoning and every warning.
    """
    lines = [*head(determination), *reasons(determination, catalogue), *tail(determination, explain)]
    if explain:
        lines += ["", "reasoning:", determination.explanation.as_text()]
    return "\n".join(lines)


def head(determination: "Determination") -> Iterator[str]:
    """The answer and what it is about."""
    given = determination.transaction
    what = given.item or "an item given by its specifications"
    route = f" {given.from_place or '?'} → {given.to_place or '?'}"
    known = f", as known on {determination.known_at}" if determination.known_at else ""
    yield f"{given.id}: {determination.verdict}"
    yield f"  {what},{route}, on {determination.on}{known}"
    code = determination.classification or (
        "not determined" if determination.undetermined else "none of 3A090"
    )
    yield f"  classification: {code}" + (
        f" (TPP {given.tpp.normalize():,f})" if given.tpp is not None else ""
    )


def reasons(determination: "Determination", catalogue: "Catalogue") -> Iterator[str]:
    """Numbered: each gate, what it rests on and where that stands; then charges."""
    law = catalogue.law.on(determination.on, determination.known_at)
    for number, part in enumerate(determination.parts, start=1):
        if not isinstance(part, GateAnswer):
            rate = f" at {part.rate_fraction:%}" if part.rate_fraction is not None else ""
            yield f"  {number}. {NAMES[part.charge]}: applies {word(part.applies)}{rate}"
        elif part.gate == "us-export":
            yield f"  {number}. {NAMES[part.gate]}: {part.verdict}"
            yield f"     licence required {word(part.licence_required)}, enforced {word(part.licence_enforced)}"
            yield f"     review policy {part.review_policy}; exceptions open: {', '.join(part.exceptions) or 'none'}"
        else:
            yield f"  {number}. {NAMES[part.gate]}: {part.verdict} ({part.state or 'no such gate on this day'})"
        for id_ in part.basis:
            cited = law[id_].citation
            place = " ".join(text for text in (cited.section, cited.pinpoint) if text)
            yield f"     - {id_}: {place + '; ' if place else ''}{cited.document}"
        for condition in part.conditions if isinstance(part, GateAnswer) else ():
            note = f" ({condition.note})" if condition.note else ""
            column = f" (column {condition.column})" if condition.column else ""
            yield f"     [{condition.status}] {condition.id}: {condition.needs}{column}{note}"


def tail(determination: "Determination", explain: bool) -> Iterator[str]:
    """What is missing, what proposed bills would do, and warnings."""
    if determination.missing:
        yield f"  missing: {', '.join(determination.missing)}"
    for step in determination.proposed:
        yield f"  {step.label}: would reach it: {step.value}"
    warnings = determination.all_warnings
    for text in warnings if explain else warnings[:SHOWN_WARNINGS]:
        yield f"  note: {text}"
    left = len(warnings) - SHOWN_WARNINGS
    if left > 0 and not explain:
        yield f"  note: {left} more with --explain"
