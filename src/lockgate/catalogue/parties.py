"""Firms and agencies that the trade keeps meeting: who they are, where they sit, who owns them, which lists name them."""

import datetime as dt
from typing import Literal

from lockgate.catalogue.places import Day
from lockgate.catalogue.records import CatalogueRecord, CountryCode, Record, RecordId


class Listing(Record):
    """One entry on a government's list.

    Attributes:
        listing: Which list: ``entity-list``, ``military-end-user-list``, ``section-1260h`` ….
        from_on: First day; None where the sources here do not say.
        until_on: First day off the list; None: still on it.
        source: Id of the source.
        pinpoint: Where in the source.
        confidence: How sure it is.
        note: What a reader should know besides.
    """

    listing: str
    from_on: Day | None = None
    until_on: Day | None = None
    source: RecordId
    pinpoint: str = ""
    confidence: Literal["high", "medium", "low"] = "medium"
    note: str = ""

    def holds_on(self, day: dt.date) -> bool | None:
        """Whether the entry stands on ``day``; None where its first day is not known."""
        if self.until_on is not None and day >= self.until_on:
            return False
        return None if self.from_on is None else self.from_on <= day


class PartyRecord(CatalogueRecord):
    """One known party.

    Attributes:
        name: Name in English.
        aliases: Other names, Chinese ones included.
        kind: What sort of party.
        headquarters: Where it has its headquarters; None where unknown.
        ultimate_parent: Id of the party at the top of its ownership; its own id where it is itself the top.
        listings: Government lists that name it.
        source: Id of the source for name, headquarters and parent.
        pinpoint: Where in the source.
        note: What a reader should know besides.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Literal["company", "agency", "laboratory", "publisher", "person"]
    headquarters: CountryCode | None = None
    ultimate_parent: RecordId | None = None
    listings: tuple[Listing, ...] = ()
    source: RecordId
    pinpoint: str = ""
    note: str = ""

    def sources(self) -> tuple[str, ...]:
        """Ids of every source the record cites, each once."""
        return tuple(dict.fromkeys((self.source, *(held.source for held in self.listings))))
