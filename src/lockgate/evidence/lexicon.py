"""The lexicon: every word the grammar knows becomes one character, so that patterns are plain regular expressions.

A text is turned into a string with one character a token. Words that no table names share one character; a class of
words is a set of characters. Matching a pattern over a sentence of thirty words is then a match over thirty characters.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lockgate.catalogue.evidence import EntityRow, EvidenceTables
from lockgate.evidence.pieces import cut, one_form

UNKNOWN = "x"
PROPER = "X"  # unknown, with a capital
BREAK = "\n"
NAME_NUMBER = re.compile(r"([A-Za-z]+)(\d\w*)")
FIRST_CODE = 0xE000


class Entity(NamedTuple):
    """A named thing found in a text. ``name`` is how a claim shows it."""

    kind: str
    id: str
    name: str
    belongs_to: str


class Entry(NamedTuple):
    """One phrase of the lexicon: its pieces, the character it becomes, the thing it names if any.

    ``proper`` is 0 for a common word, 1 for a name that starts with a capital, 2 for one in capitals throughout (US).
    """

    pieces: tuple[str, ...]
    glued: tuple[bool, ...]
    code: str
    entity: Entity | None
    proper: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit behind a number."""

    dimension: str
    unit: str
    factor: float
    pieces: tuple[str, ...]
    short: bool


def pieces_of(phrase: str) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """The pieces of a phrase and whether each is glued to the one before.

    >>> pieces_of("RTX Pro 6000D")
    (('rtx', 'pro', '6000', 'd'), (False, False, False, True))
    """
    pieces = cut(one_form(phrase))
    ends = [-1, *pieces.ends]  # not behind a dropped apostrophe: "hasn't" is two pieces that do not touch
    return tuple(pieces.words), tuple(start == end for start, end in zip(pieces.starts, ends, strict=False))


class Lexicon:
    """Words, phrases, units and named things, indexed by their first piece.

    Args:
        tables: The checked tables of ``data/evidence``.
    """

    def __init__(self, tables: EvidenceTables) -> None:
        self._next = FIRST_CODE
        self.codes: dict[str, str] = {}
        self.classes: dict[str, set[str]] = {}
        self.phrases: dict[
            str, dict[str, list[Entry]]
        ] = {}  # first piece -> second piece, or none -> entries
        self.units: dict[str, list[Unit]] = {}
        self.domains: dict[str, Entity] = {}
        self.publishers: dict[str, Entity] = {}
        self.makers: dict[str, str] = {}  # maker -> country
        self.families: dict[str, EntityRow] = {}
        for part in tables.vocabulary.values():
            for name, forms in part.items():
                for form in forms:
                    self.classes.setdefault(name, set()).add(self.code_of(form))
        for row in tables.units:
            self._add_unit(row.dimension, row.unit, row.factor, row.forms)
        for entity in tables.entities:
            self._add_entity(entity)
        for group in self.phrases.values():
            for entries in group.values():
                entries.sort(key=lambda entry: (-len(entry.pieces), entry.entity is None))
        for units in self.units.values():
            units.sort(key=lambda unit: -len(unit.pieces))

    def fresh(self) -> str:
        """A character that stands for nothing else yet."""
        self._next += 1
        return chr(self._next - 1)

    def code_of(self, form: str) -> str:
        """The character of a word or phrase, taken into the lexicon if it is new."""
        words, glued = pieces_of(form)
        key = " ".join(words)
        if key not in self.codes:
            self.codes[key] = form if len(form) == 1 and not form.isalnum() else self.fresh()
            if len(words) > 1:
                entry = Entry(words, glued, self.codes[key], None, 0)
                self._add_phrase(entry)
        return self.codes[key]

    def kind_code(self, kind: str) -> str:
        """The character of every token of one kind: ``#usd`` for a quantity, ``@chip`` for a thing."""
        if kind not in self.codes:
            self.codes[kind] = self.fresh()
        return self.codes[kind]

    def chars(self, names: Iterable[str]) -> frozenset[str]:
        """All characters of some classes."""
        return frozenset().union(*(self.classes.get(name, ()) for name in names))

    def _add_phrase(self, entry: Entry) -> None:
        second = entry.pieces[1] if len(entry.pieces) > 1 else ""
        self.phrases.setdefault(entry.pieces[0], {}).setdefault(second, []).append(entry)

    def _add_unit(self, dimension: str, unit: str, factor: float, forms: Iterable[str]) -> None:
        for form in forms:
            words, _ = pieces_of(form)
            short = len(form) == 1 and form.isascii()
            self.units.setdefault(words[0], []).append(Unit(dimension, unit, factor, words, short))

    def _add_entity(self, row: EntityRow) -> None:
        entity = Entity(row.kind, row.id, row.name, row.belongs_to)
        for domain in row.domains:
            self.domains[domain] = entity
        if row.kind == "chip":
            self.families[row.id] = row
        if row.kind == "vendor":
            self.makers[row.id] = row.belongs_to
        if row.kind == "publisher":
            self.publishers[row.id] = entity
        codes = [self.kind_code("@" + row.kind)]
        if row.kind in ("country", "us_agency", "cn_agency", "buyer", "vendor"):
            codes[0] = self.kind_code(f"@{row.kind}.{row.belongs_to}")
            self.classes.setdefault("@" + row.kind, set()).add(codes[0])
        self.classes.setdefault(f"@{row.kind}", set()).add(codes[0])
        for alias in (*row.aliases, *(_hyphened(row) if row.kind == "chip" else ())):
            words, glued = pieces_of(alias)
            proper = 2 if alias.isupper() and alias.isalpha() else int(alias[0].isupper())
            entry = Entry(words, glued, codes[0], entity, proper)
            self._add_phrase(entry)
            if row.kind == "chip" and alias[-1] not in "s" and alias[-1].isascii():
                plural = Entry((*words[:-1], words[-1] + "s"), glued, codes[0], entity, proper)
                self._add_phrase(plural)


def _hyphened(row: EntityRow) -> Iterable[str]:
    """Names of a chip with a hyphen between letters and number: "MI-308" for "MI308"."""
    for alias in row.aliases:
        found = NAME_NUMBER.fullmatch(alias)
        if found:
            yield f"{found[1]}-{found[2]}"


def publisher_of(domain: str, domains: Mapping[str, Entity]) -> Entity | None:
    """The publisher that owns an address's host, subdomains included."""
    host = domain.lower().removeprefix("www.")
    while host:
        if host in domains:
            return domains[host]
        host = host.partition(".")[2]
    return None
