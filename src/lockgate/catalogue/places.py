"""Countries and territories, and the country groups they belong to on a day."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError
from lockgate.catalogue.records import CatalogueRecord, CountryCode, Record, RecordId


def _day(value: object) -> object:
    try:
        return parse_date(value) if isinstance(value, str) else value
    except LockgateError as error:
        raise ValueError(error.message) from None


Day = Annotated[dt.date, BeforeValidator(_day)]


class Membership(Record):
    """One place in one list, from a day until the day it ends.

    Attributes:
        group: ``A:1`` … ``E:2`` are country groups of supplement 1 to 15 CFR part 740; ``supp-5a`` is the list of
            supplement 5, paragraph (a).
        from_on: First day; None: since before the first day that sources here reach.
        until_on: First day on which it no longer holds; None: still holds on the day of the snapshot.
        known_on: Since when the beginning is known, where that differs from ``from_on``.
        end_known_on: Since when the end is known, where that differs from ``until_on``.
        source: Id of the source.
        pinpoint: Where in the source.
        confidence: How sure the membership and its dates are.
        note: What a reader should know besides.
    """

    group: str
    from_on: Day | None = None
    until_on: Day | None = None
    known_on: Day | None = None
    end_known_on: Day | None = None
    source: RecordId
    pinpoint: str = ""
    confidence: Literal["high", "medium", "low"] = "high"
    note: str = ""

    def holds_on(self, day: dt.date, known_at: dt.date | None = None) -> bool:
        """Whether the place is in the list on ``day`` as known on ``known_at`` (None: all that is known)."""
        start, end = self.from_on, self.until_on
        if known_at is not None:
            if end is not None and (self.end_known_on or end) > known_at:
                end = None
            if start is not None and (self.known_on or start) > known_at:
                return False
        return (start is None or start <= day) and (end is None or day < end)


class Place(CatalogueRecord):
    """A country or territory.

    Attributes:
        id: Code in small letters, as the file is named.
        code: ISO 3166 two-letter code.
        name: Name as the rule prints it.
        aliases: Other names, Chinese ones included.
        part_of: Code of the place it is treated as part of (Hong Kong: CN); empty where it stands for itself.
        memberships: The lists it is or was in.
        note: What a reader should know besides.
    """

    code: CountryCode
    name: str
    aliases: tuple[str, ...] = ()
    part_of: str = ""
    memberships: tuple[Membership, ...] = Field(default=())
    note: str = ""

    def groups(self, on: dt.date, known_at: dt.date | None = None) -> frozenset[str]:
        """The lists the place is in on a day, as known on ``known_at`` (None: all that is known)."""
        return frozenset(held.group for held in self.memberships if held.holds_on(on, known_at))

    def in_group(self, group: str, on: dt.date, known_at: dt.date | None = None) -> bool:
        """Whether the place is in ``group`` on a day, as known on ``known_at``."""
        return group in self.groups(on, known_at)

    def sources(self) -> tuple[str, ...]:
        """Ids of every source the record cites, each once."""
        return tuple(dict.fromkeys(held.source for held in self.memberships))
