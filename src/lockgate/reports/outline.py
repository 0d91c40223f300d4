"""The outline of a dossier: sections in order, each with its title, its template and its data.

A section is plain data and the name of the template that shows it, so that the page and the JSON hold the same content. To add
one, write a provider in the services that returns a `DossierSection` (or None where it has nothing to say), name it in
`lockgate.services.dossier.SECTION_PROVIDERS`, and put its template into ``reports/templates/sections``.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cite:
    """One use of a source or a provision.

    Attributes:
        id: Id of the source or provision.
        supports: What it supports here, in a few words.
    """

    id: str
    supports: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierSection:
    """One section.

    Attributes:
        id: Short name; the anchor in the page and the key in the JSON.
        title: Heading.
        order: Place in the outline; smaller first. Taken: verdict 10, gates 30, conditions 40, versions 50,
            lines 60, cap 70, cost 80, deal 90, sources 900. Free for parts to come: 100 to 800.
        template: File in ``reports/templates/sections``; it sees ``section``, ``data`` and the chart functions.
        data: Plain data: texts, numbers, lists, mappings.
        cites: Every source and provision it rests on.
    """

    id: str
    title: str
    order: int
    template: str
    data: Mapping[str, Any]
    cites: tuple[Cite, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A finished dossier: everything the page shows, and nothing to look up.

    Attributes:
        id: The deal's short name.
        title: The deal's title.
        on: The day the law was asked about.
        known_at: The day of knowledge; None: all that is known.
        made_on: The day the dossier was made.
        version: Version of Lockgate.
        verdict: The deal's verdict.
        summary: The answer in one sentence.
        sections: Sections, in order.
    """

    id: str
    title: str
    on: dt.date
    known_at: dt.date | None
    made_on: dt.date
    version: str
    verdict: str
    summary: str
    sections: tuple[DossierSection, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same content as the page, as plain data."""
        return {
            "id": self.id,
            "title": self.title,
            "on": self.on.isoformat(),
            "known_at": None if self.known_at is None else self.known_at.isoformat(),
            "made_on": self.made_on.isoformat(),
            "version": self.version,
            "verdict": self.verdict,
            "summary": self.summary,
            "sections": [
                {"id": section.id, "title": section.title, **section.data} for section in self.sections
            ],
        }
