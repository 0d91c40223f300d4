"""One reader for all tests of the package: building it takes a while."""

import datetime as dt
from collections.abc import Callable

import pytest

from lockgate.catalogue.evidence import load_evidence_tables
from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.evidence.reading import Reader

READER = Reader(load_evidence_tables())

Read = Callable[..., list[Claim]]


@pytest.fixture
def reader() -> Reader:
    return READER


@pytest.fixture
def read() -> Read:
    def claims(text: str, on: dt.date | None = None, name: str = "doc") -> list[Claim]:
        return READER.read(Document(name, text, date=on))

    return claims
