"""Where reports come from: documents that draw on one source are one source."""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lockgate.evidence.claims import Claim
from lockgate.evidence.documents import Document
from lockgate.evidence.findings import Finding, find
from lockgate.evidence.lexicon import Entity

WORDS_IN_COMMON = 8  # a run of that many words in two texts is a copy
SAMPLE = 16  # one run in so many is looked at
COPIES_MIN = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """One source behind documents: who it is, who cites it, who tells the same without saying whence."""

    id: str
    name: str
    documents: tuple[str, ...]
    probable: tuple[str, ...]
    via: Mapping[str, tuple[str, ...]]

    def as_dict(self) -> dict[str, Any]:
        """The origin as JSON has it."""
        return {
            "id": self.id,
            "name": self.name,
            "documents": list(self.documents),
            "probable": list(self.probable),
            "via": {document: list(claims) for document, claims in self.via.items()},
        }


def find_origins(
    documents: Sequence[Document], claims: Sequence[Claim], publishers: Mapping[str, Entity]
) -> tuple[list[Origin], list[Finding]]:
    """Origins, and a finding for each that several documents draw on.

    A document cites a publisher by name or address. Documents that cite anonymous people for an event that others have
    from a publisher are put to it as probable; so are documents that share runs of words.
    """
    names = {entity.name: entity for entity in publishers.values()}
    cited: dict[tuple[str, str], dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    anonymous: dict[str, dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    events: dict[str, set[str]] = defaultdict(set)
    event_claims: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    addresses: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.attribute == "approval.status":
            events[claim.document].add(claim.subject)
            event_claims[claim.document, claim.subject].append(claim)
    for claim in claims:
        if claim.attribute != "source.attribution":
            continue
        publisher = next((name for name in names if name in str(claim.value)), "")
        if claim.subject == "article":
            addresses[claim.document].append(claim)
        for event in events.get(claim.document, {""}):
            if publisher:
                cited[event, publisher][claim.document].append(claim)
            else:
                anonymous[event][claim.document].append(claim)
    copies = copied(documents)
    origins: list[Origin] = []
    findings: list[Finding] = []
    by_event: dict[str, list[tuple[str, dict[str, list[Claim]]]]] = defaultdict(list)
    for (event, publisher), via in cited.items():
        by_event[event].append((publisher, via))
    for event, found in by_event.items():
        publisher, via = max(found, key=lambda pair: (len(pair[1]), pair[0]))
        second = {
            document: own
            for other, others in found
            if other != publisher
            for document, own in others.items()
            if document not in via
        }
        sure = tuple(via)
        probable = sorted(
            (set(anonymous[event]) | set(second) | {other for one in sure for other in copies.get(one, ())})
            - set(sure)
        )
        if event:
            origin = Origin(
                f"{event} / {publisher}",
                publisher,
                sure,
                tuple(probable),
                {document: tuple(claim.id for claim in own) for document, own in via.items()},
            )
            origins.append(origin)
            if len(sure) + len(probable) > 1:
                own = [claim for group in via.values() for claim in group]
                own += [
                    claim
                    for document in probable
                    for claim in (*anonymous[event].get(document, ()), *second.get(document, ()))
                ]
                findings.append(derived(event, publisher, sure, probable, own))
    placed = {id_ for origin in origins for id_ in (*origin.documents, *origin.probable)}
    origins += [
        Origin(document.id, "not stated", (document.id,), (), {})
        for document in documents
        if document.id in events and document.id not in placed
    ]
    return origins, findings


def derived(
    event: str, publisher: str, sure: Sequence[str], probable: Sequence[str], claims: list[Claim]
) -> Finding:
    """Several documents, one source."""
    likely = f", and {len(probable)} more probably do ({', '.join(probable)})" if probable else ""
    return find(
        "derivative_source", "high", claims,
        f"{event}: {len(sure)} documents cite {publisher} ({', '.join(sure)}){likely}. They count as one source: their agreement is no corroboration.",
        "a report that names a source of its own",
    )  # fmt: skip


def copied(documents: Sequence[Document]) -> dict[str, set[str]]:
    """Documents that share runs of words, by sampled hashes: linear in the length of the texts."""
    seen: dict[int, list[str]] = defaultdict(list)
    for document in documents:
        for mark in marks(document.text):
            if len(seen[mark]) < 50:
                seen[mark].append(document.id)
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for ids in seen.values():
        for other in ids[1:]:
            shared[ids[0], other] += 1
    found: dict[str, set[str]] = defaultdict(set)
    for (one, other), count in shared.items():
        if count >= COPIES_MIN and one != other:
            found[one].add(other)
            found[other].add(one)
    return found


def marks(text: str) -> Iterator[int]:
    """Sampled hashes of the runs of words of a text."""
    words = re.findall(r"\w+", text.lower())
    hashes = [zlib.crc32(word.encode()) for word in words]
    for at in range(len(hashes) - WORDS_IN_COMMON + 1):
        run = hash(tuple(hashes[at : at + WORDS_IN_COMMON]))
        if run % SAMPLE == 0:
            yield run
