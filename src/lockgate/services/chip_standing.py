"""Where an accelerator stands on a day: its classification, and every line the law draws through its figures."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.base.three_valued import Truth, all_of, word
from lockgate.catalogue import Catalogue, Chip
from lockgate.catalogue.law import Limit, Version
from lockgate.catalogue.shelf import near_names
from lockgate.controls.classification import PROVISIONS, Classification, classify
from lockgate.controls.limits import holds, quantities_of, show
from lockgate.controls.transaction import Bounds, Transaction
from lockgate.services.determine import facts_of

UNDETERMINED, NONE, NOT_IN_FORCE = "undetermined", "none", "not-in-force"
STATUSES = (*PROVISIONS, NONE, UNDETERMINED, NOT_IN_FORCE)
"""What a chip's status on a day can be: a classification, none, undetermined, or no test in force yet."""


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """One comparison.

    Attributes:
        limit: Quantity, operator and number of the law.
        bounds: The lowest and the highest value the chip may have there.
        truth: Whether the comparison holds.
    """

    limit: Limit
    bounds: Bounds
    truth: Truth

    @property
    def margin(self) -> Decimal | None:
        """The chip's value less the law's; None where the value is not known exactly."""
        low, high = self.bounds
        return low - self.limit.value if low is not None and low == high else None


@dataclass(frozen=True, slots=True)
class LineStanding:
    """One line of a provision: all its comparisons together."""

    provision: str
    title: str
    line: str
    proposed: bool
    limits: tuple[LimitStanding, ...]

    @property
    def truth(self) -> Truth:
        """Whether every comparison of the line holds."""
        return all_of(*(limit.truth for limit in self.limits))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a chip stands on a day.

    Attributes:
        on: The day.
        known_at: The day of knowledge (None: all that is known).
        status: One of `STATUSES`.
        classification: How the status came about.
        lines: Every line whose quantities a chip has.
    """

    on: dt.date
    known_at: dt.date | None
    status: str
    classification: Classification
    lines: tuple[LineStanding, ...]


def stand(
    catalogue: Catalogue,
    chip: Chip,
    on: dt.date,
    known_at: dt.date | None = None,
    *,
    with_proposed: bool = False,
) -> Standing:
    """Where a chip stands on ``on`` as known on ``known_at``.

    Args:
        catalogue: The law, and what the chip's figures rest on.
        chip: The chip.
        on: The day the law is asked about.
        known_at: The day of knowledge (None: all that is known).
        with_proposed: Whether lines of proposed bills are shown.
    """
    transaction = Transaction(item=chip.id, **facts_of(chip, catalogue).attributes)
    law = catalogue.law.on(on, known_at)
    item = classify(transaction, law)
    quantities = quantities_of(transaction)
    lines = []
    for provision_id, version in law.items():
        if version.status == "in-force" or (with_proposed and version.status == "proposed"):
            title = catalogue.provision(provision_id).title
            lines += list(stand_against(provision_id, title, version, quantities))
    return Standing(on, known_at, status_of(item), item, tuple(lines))


def stand_against(provision_id: str, title: str, version: Version, quantities: Any) -> Iterator[LineStanding]:
    """The lines of one provision whose quantities a chip has."""
    for line in version.lines:
        if any(limit.quantity == "memory_bandwidth_density" for limit in line.limits):
            continue  # of a memory stack on its own, which no record here is
        limits = tuple(
            LimitStanding(limit, quantities[limit.quantity], holds(limit, quantities[limit.quantity]))
            for limit in line.limits
        )
        yield LineStanding(provision_id, title, line.id, version.status == "proposed", limits)


def status_of(item: Classification) -> str:
    """A classification as one of `STATUSES`."""
    if not item.truths:
        return NOT_IN_FORCE
    if item.code is not None:
        return item.code
    return UNDETERMINED if item.controlled is None else NONE


def check_status(name: str) -> str:
    """The status of that name.

    Raises:
        LockgateError: ``unknown-status``, with those there are.
    """
    for status in STATUSES:
        if status.casefold() == name.casefold():
            return status
    hint = near_names(name, STATUSES) or "one of " + ", ".join(STATUSES)
    raise LockgateError(f"there is no status {name!r}", code="unknown-status", hint=hint)


def standing_as_dict(standing: Standing) -> dict[str, Any]:
    """A standing as plain data."""
    return {
        "on": standing.on,
        "known_at": standing.known_at,
        "status": standing.status,
        "missing": list(standing.classification.missing),
        "lines": [
            {
                "provision": line.provision,
                "title": line.title,
                "line": line.line,
                "proposed": line.proposed,
                "holds": word(line.truth),
                "limits": [
                    {
                        "quantity": item.limit.quantity,
                        "operator": item.limit.operator,
                        "limit": item.limit.value,
                        "unit": item.limit.unit,
                        "value": show(item.bounds),
                        "holds": word(item.truth),
                        "margin": item.margin,
                    }
                    for item in line.limits
                ],
            }
            for line in standing.lines
        ],
    }


def today() -> dt.date:
    """The day of the answer."""
    return dt.datetime.now(dt.UTC).date()
