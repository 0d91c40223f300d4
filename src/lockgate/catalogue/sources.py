"""The documents that facts rest on, one record each."""

from typing import Literal

from lockgate.catalogue.records import CatalogueRecord, DateText

SourceKind = Literal[
    "law",
    "guidance",
    "filing",
    "datasheet",
    "dataset",
    "code",
    "paper",
    "press",
    "analysis",
    "reference",
    "background",
]
Confidence = Literal["high", "medium", "low"]


class Source(CatalogueRecord):
    """One document.

    Attributes:
        title: Title as printed.
        publisher: Who answers for it.
        url: Where it is; empty where it has no stable address.
        date: Day, month or year of publication, or of the snapshot.
        licence: Terms under which its content may be used; facts are free, sentences are not.
        kind: What sort of document. ``background`` is general knowledge checked against no document.
        confidence: How far it can be trusted for what is taken from it.
        note: How it was read: whole, as an excerpt, through a third party.
    """

    title: str
    publisher: str = ""
    url: str = ""
    date: DateText | None = None
    licence: str = ""
    kind: SourceKind
    confidence: Confidence
    note: str = ""
