"""A document: its text and what is known about it. Offsets everywhere are code points of ``text``."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One text that makes claims.

    ``sha256`` is that of the bytes read, so that a claim can be tied to exactly this file. ``date`` is the day it was
    published, None if it does not say. ``publisher`` is a name, ``url`` where it was found.
    """

    id: str
    text: str
    path: str = ""
    sha256: str = ""
    title: str = ""
    date: dt.date | None = None
    publisher: str = ""
    url: str = ""
    media_type: str = "text/plain"
