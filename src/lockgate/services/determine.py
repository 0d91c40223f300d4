"""May it pass? Determinations of transactions given as rows: facts of the item from the catalogue, gates from the controls."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.base.explanation import Explanation
from lockgate.catalogue import Catalogue, Chip, System
from lockgate.catalogue.law import LawOnDate
from lockgate.catalogue.shelf import near_names
from lockgate.controls.determination import Determination
from lockgate.controls.determine import determine
from lockgate.controls.limits import show
from lockgate.controls.transaction import Bounds, Transaction
from lockgate.services.transaction_rows import COLUMNS, Row, RowParser

OVERRIDING = (
    "tpp", "performance_density", "dram_bandwidth_gb_per_s", "io_bandwidth_gb_per_s", "datacenter", "manufacturer", "designer_country"
)  # fmt: skip
"""Columns that replace a fact of the catalogue."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the catalogue knows of an item: attributes of a transaction, and a warning for what is uncertain."""

    item: str
    attributes: Mapping[str, Any]
    area_mm2: Decimal | None
    warnings: tuple[str, ...]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """One row: its number from 1, and either its determination or what is wrong with it."""

    number: int
    determination: Determination | None = None
    error: LockgateError | None = None


@dataclass(slots=True)
class Determiner:
    """Answers rows one by one.

    Attributes:
        catalogue: Chips, systems, places and the law.
        on: The day asked about, in place of each row's own (None: the row's, else today).
        known_at: The day of knowledge (None: all that is known).
        with_proposed: Whether to say what proposed bills would do.
        today: The day of the answer.
    """

    catalogue: Catalogue
    on: dt.date | None = None
    known_at: dt.date | None = None
    with_proposed: bool = False
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())
    parser: RowParser = field(init=False)
    items: dict[str, ItemFacts] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.parser = RowParser(self.catalogue)

    def answer_rows(self, rows: Iterable[tuple[int, Row | LockgateError]]) -> Iterator[RowAnswer]:
        """Answer every row; a bad one is answered by its error."""
        for number, row in rows:
            try:
                if isinstance(row, LockgateError):
                    raise row
                yield RowAnswer(number, self.answer(row, default_id=str(number)))
            except LockgateError as error:
                yield RowAnswer(number, error=InvalidInputError([error]).within("row", number))

    def answer(self, row: Row, default_id: str = "") -> Determination:
        """The determination of one row.

        Args:
            row: Cells by column.
            default_id: Its name, where it has none of its own.

        Raises:
            InvalidInputError: With every problem of the row.
        """
        parsed = self.parser.parse(row)
        transaction, warnings, facts = self.complete(parsed.values, default_id)
        on = self.on or transaction.on or self.today
        if on > self.today:
            warnings += (future(on),)
        return determine(
            transaction,
            self.catalogue.law,
            on,
            self.known_at,
            with_proposed=self.with_proposed,
            warnings=(*parsed.warnings, *warnings),
            facts=facts,
        )

    def complete(
        self, values: Mapping[str, Any], default_id: str = ""
    ) -> tuple[Transaction, tuple[str, ...], Explanation | None]:
        """The transaction of parsed values, with what the catalogue knows of its item; warnings; and the facts."""
        given = {COLUMNS[name].field: value for name, value in values.items() if COLUMNS[name].field}
        evidence = {name: value for name, value in values.items() if not COLUMNS[name].field}
        given.setdefault("id", default_id)
        if not given.get("item"):
            return Transaction(**given, evidence=evidence), (), None
        facts = self.item_facts(given["item"])
        attributes = dict(facts.attributes)
        bounds: dict[str, Bounds] = dict(attributes.pop("bounds"))
        warnings = list(facts.warnings)
        for name in OVERRIDING:
            if name in values:
                known = attributes.get(COLUMNS[name].field)
                if known is not None and known != values[name]:
                    warnings.append(
                        f"{name} given in the row replaces the catalogue's value for {facts.item}"
                    )
        if "tpp" in values and "performance_density" not in values:
            bounds.pop("performance_density", None)
            attributes["performance_density"] = (
                None if facts.area_mm2 is None else values["tpp"] / facts.area_mm2
            )
            warnings.append("performance_density follows the tpp given in the row")
        merged = {**attributes, **given, "item": facts.item}
        bounds = {name: bound for name, bound in bounds.items() if merged.get(name) is None}
        return Transaction(**merged, bounds=bounds, evidence=evidence), tuple(warnings), facts.explanation

    def item_facts(self, name: str) -> ItemFacts:
        """What the catalogue knows of a chip or system.

        Raises:
            LockgateError: ``unknown-item``, with near names.
        """
        if name not in self.items:
            self.items[name] = facts_of(self.find_item(name), self.catalogue)
        return self.items[name]

    def find_item(self, name: str) -> Chip | System:
        """The chip or system of that id, name or alias."""
        for find in (self.catalogue.chip, self.catalogue.system):
            try:
                return find(name)
            except LockgateError:
                continue
        ids = [*self.catalogue.chip_shelf.ids(), *self.catalogue.system_shelf.ids()]
        raise LockgateError(
            f"the catalogue has no item {name!r}", code="unknown-item", where=("item",),
            hint=near_names(name, ids) or "see lockgate chips, or leave it empty and give specifications",
        )  # fmt: skip


def facts_of(item: Chip | System, catalogue: Catalogue) -> ItemFacts:
    """The facts of a chip, or of the chip in a system."""
    chip = catalogue.chip(item.chip) if isinstance(item, System) else item
    bounds: dict[str, Bounds] = {}
    warnings = []
    if chip.tpp is None and chip.tpp_min is not None:
        bounds["tpp"] = (chip.tpp_min, None)
        warnings.append(f"TPP of {chip.id} is known only as {show(bounds['tpp'])}")
    exact = chip.density_bound == "exact"
    if not exact and chip.performance_density_range != (None, None):
        bounds["performance_density"] = chip.performance_density_range
        warnings.append(
            f"performance density of {chip.id} is known only as {show(chip.performance_density_range)}"
        )
    if chip.tpp is None and chip.tpp_min is not None:
        bounds["tpp"] = (chip.tpp_min, None)
        warnings.append(
            f"the rates that decide the tpp of {chip.id} are not published: at least {chip.tpp_min:,f}"
        )
    io = chip.io_bandwidth_byte_per_s
    if io is None:
        bounds["io_bandwidth_byte_per_s"] = (Decimal(int(chip.io_bandwidth_min_byte_per_s)), None)
    dram = chip.dram_bandwidth_byte_per_s
    area = chip.logic_die_area_mm2
    if item.origin == "user":
        warnings.append(f"{item.id} is a record of yours, not of Lockgate's")
    facts = (*chip.facts.items(),)
    steps = (
        chip.explain_tpp(),
        chip.explain_density(),
        *(
            Explanation(name, str(fact.value), fact.unit, citation=fact.source, pinpoint=fact.pinpoint)
            for name, fact in facts
            if name in ("dram_bandwidth", "chip_link_bandwidth", "pcie_generation", "pcie_lane_count")
        ),
        Explanation("designed or marketed for datacenters", chip.marketed_for_datacenter),
    )
    return ItemFacts(
        item=item.id,
        attributes={
            "tpp": chip.tpp,
            "performance_density": chip.performance_density if exact else None,
            "dram_bandwidth_byte_per_s": None if dram is None else Decimal(int(dram)),
            "io_bandwidth_byte_per_s": None if io is None else Decimal(int(io)),
            "datacenter": chip.marketed_for_datacenter,
            "manufacturer": item.vendor,
            "designer_country": chip.vendor_country,
            "assembly": isinstance(item, System),
            "bounds": bounds,
        },
        area_mm2=Decimal(str(area)) if area and exact else None,
        warnings=tuple(warnings),
        explanation=Explanation(f"facts of {item.id}", children=steps),
    )


def answer_as_dict(
    determination: Determination, catalogue: Catalogue, *, explain: bool = False
) -> dict[str, Any]:
    """The JSON answer, its citations written out."""
    answer = determination.as_dict(explain=explain)
    answer["citations"] = [cite(id_, determination, catalogue) for id_ in answer["citations"]]
    return answer


def future(on: dt.date) -> str:
    """That a day lies ahead."""
    return f"{on} is in the future: answered by the law enacted so far"


def cite(id_: str, determination: Determination, catalogue: Catalogue) -> dict[str, str]:
    """A provision's or a source's citation as plain data."""
    return cite_under(id_, catalogue.law.on(determination.on, determination.known_at), catalogue)


def cite_under(id_: str, law: LawOnDate, catalogue: Catalogue) -> dict[str, str]:
    """A provision's citation under the law of a day, or a source's, as plain data."""
    version = law.get(id_)
    if version is None:
        source = catalogue.source(id_)
        return {"id": id_, "document": source.title, "url": source.url}
    cited = version.citation
    return {
        "id": id_,
        "document": cited.document,
        "section": cited.section,
        "pinpoint": cited.pinpoint,
        "url": cited.url,
        "verification": version.verification,
    }
