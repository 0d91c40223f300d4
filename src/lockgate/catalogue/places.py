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
        source: Id of the source.
        pinpoint: Where in the source.
        confidence: How sure the membership and its dates are.
        note: What a reader should know besides.
    """

    group: str
    from_on: Day | None = None
    until_on: Day | None = None
    source: RecordId
    pinpoint: str = ""
    confidence: Literal["high", "medium", "low"] = "high"
    note: str = ""

    def holds_on(self, day: dt.date) -> bool:
        """Whether the place is in the list on ``day``."""
        return (self.from_on is None or self.from_on <= day) and (
            self.until_on is None or day < self.until_on
        )


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

    def groups(self, on: dt.date) -> frozenset[str]:
        """The lists the place is in on a day."""
        return frozenset(held.group for held in self.memberships if held.holds_on(on))

    def in_group(self, group: str, on: dt.date) -> bool:
        """Whether the place is in ``group`` on a day."""
        return any(held.group == group and held.holds_on(on) for held in self.memberships)

    def sources(self) -> tuple[str, ...]:
        """Ids of every source the record cites, each once."""
        return tuple(dict.fromkeys(held.source for held in self.memberships))
