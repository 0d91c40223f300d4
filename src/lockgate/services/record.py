"""Put together what is on record: the chip catalogue, the dated acts, the reported facts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from lockgate.catalogue import Catalogue, Chip, load_catalogue
from lockgate.catalogue.evidence import ActRow, EntityRow, load_evidence_tables, load_record_tables
from lockgate.catalogue.law import Version
from lockgate.evidence.record import Act, ChipRecord, Known, Record, RecordFact


@cache
def load_record() -> Record:
    """The record for the catalogue of this package, read once."""
    return record_of(load_catalogue())


def record_of(catalogue: Catalogue) -> Record:
    """The record for a catalogue.

    Args:
        catalogue: Chips are taken from it as they are asked for by family.
    """
    tables = load_record_tables()
    facts: dict[tuple[str, str], list[RecordFact]] = defaultdict(list)
    for row in tables.facts:
        low, high, from_on = number_of(row.low), number_of(row.high), row.from_on
        if row.provision:
            low, from_on = percent_in_law(catalogue, row.provision)
            high = low
        facts[row.subject, row.attribute].append(
            RecordFact(
                row.subject,
                row.attribute,
                tuple(filter(None, map(str.strip, row.value.split(";")))),
                row.unit,
                low,
                high,
                from_on,
                row.source,
                row.text,
            )
        )
    for fact in law_facts(catalogue):
        facts[fact.subject, fact.attribute].append(fact)
    families = [row for row in load_evidence_tables().entities if row.kind == "chip"]
    known = {chip.id: chip for chip in catalogue.chips()}
    return Record(
        chips={
            row.id: chip_record(row, [known[id_] for id_ in row.chips if id_ in known]) for row in families
        },
        acts=tuple(act_of(catalogue, row) for row in tables.acts),
        facts={key: tuple(rows) for key, rows in facts.items()},
    )


def act_of(catalogue: Catalogue, row: ActRow) -> Act:
    """An act with the days on which the provisions that it brought took effect."""
    days = [version_of(catalogue, name).from_on for name in row.provisions]
    effective = tuple(sorted({*row.effective, *days}))
    dates = tuple(sorted({*row.dates, *effective}))
    return Act(row.id, row.title, dates, effective, row.direction, row.government, row.source, row.names)


def version_of(catalogue: Catalogue, name: str) -> Version:
    """A version of a provision: ``id`` is the first, ``id#2`` the second."""
    id_, _, number = name.partition("#")
    return catalogue.provision(id_).versions[int(number or 1) - 1]


def percent_in_law(catalogue: Catalogue, name: str) -> tuple[float, dt.date]:
    """A fraction in the law data as percent, and the day from which it holds."""
    id_, _, value = name.partition(":")
    version = version_of(catalogue, id_)
    return float(version.number(value) * 100), version.from_on


def number_of(value: float | dt.date | None) -> float | None:
    """A bound as a number; a day as its ordinal."""
    return float(value.toordinal()) if isinstance(value, dt.date) else value


# quantity of a limit in law -> attribute and words
THRESHOLDS = {
    "tpp": ("threshold.tpp", "total processing performance"),
    "dram_bandwidth_gb_per_s": ("threshold.dram_gbs", "DRAM bandwidth in GB/s"),
    "performance_density": ("threshold.performance_density", "performance density"),
}


def law_facts(catalogue: Catalogue) -> list[RecordFact]:
    """The lines that provisions draw through processing performance, density and bandwidth, as facts.

    Rules in force come before letters and bills, later ones before earlier ones, so that the first that fits is the one to name.
    """
    found: list[tuple[tuple[bool, int, str], RecordFact]] = []
    for provision in catalogue.provisions():
        for version in provision.versions:
            for line in version.lines:
                for quantity, (attribute, words) in THRESHOLDS.items():
                    limits = [limit for limit in line.limits if limit.quantity == quantity]
                    if not limits:
                        continue
                    bounds = [float(limit.value) for limit in limits]
                    said = " and ".join(f"{limit.operator} {limit.value:,}" for limit in limits)
                    fact = RecordFact(
                        "us-threshold", attribute, (), "", min(bounds), max(bounds), version.from_on,
                        version.citation.source, f"{provision.title}: {words} {said}",
                    )  # fmt: skip
                    rank = (
                        not provision.id.startswith("us-ear."),
                        -version.from_on.toordinal(),
                        provision.id,
                    )
                    found.append((rank, fact))
    return [fact for _, fact in sorted(found, key=lambda pair: pair[0])]


# attribute -> fact of the catalogue, factor from its base unit
PROPERTIES = {
    "chip.memory_gb": ("dram_capacity", 1e-9),
    "chip.memory_bandwidth_tbs": ("dram_bandwidth", 1e-12),
    "chip.memory_type": ("dram_type", 1.0),
    "chip.process_nm": ("process_node", 1.0),
    "chip.power_w": ("power", 1.0),
    "chip.die_area_mm2": ("logic_die_area", 1.0),
    "chip.transistors_bn": ("transistor_count", 1.0),
}


def chip_record(row: EntityRow, chips: Iterable[Chip]) -> ChipRecord:
    """A family with the properties of all its variants, disagreeing sources included."""
    chips = list(chips)
    properties: dict[str, list[tuple[float | str, str]]] = defaultdict(list)
    peaks: dict[str, list[tuple[float | str, str]]] = defaultdict(list)
    for chip in chips:
        for attribute, (name, _) in PROPERTIES.items():
            fact = chip.facts.get(name)
            if fact is None:
                continue
            for value, source in (
                (fact.value, fact.source),
                *((other.value, other.source) for other in fact.alternatives),
            ):
                if value is None or not plausible(value, fact.value):
                    continue
                properties[attribute].append(
                    (value if isinstance(value, str) else in_unit(float(value), fact.unit, attribute), source)
                )
        if chip.architecture:
            properties["chip.architecture"].append((chip.architecture, next(iter(chip.sources()), "")))
        for rate in chip.rates:
            for name in rate.formats:
                for value, source in (
                    (rate.value, rate.source),
                    *((other.value, other.source) for other in rate.alternatives),
                ):
                    if value is not None and not isinstance(value, str):
                        peaks[name].append(
                            (float(value) * (1000 if rate.unit.startswith("p") else 1), source)
                        )
        stated = chip.facts.get("stated_tpp")
        for value, source in (
            (chip.tpp_min, "catalogue"),
            (stated.value if stated else None, stated.source if stated else ""),
        ):
            if value is not None and not isinstance(value, str):
                properties["chip.tpp"].append((float(value), source))
    best = max(
        (chip for chip in chips if chip.tpp_min is not None), key=lambda chip: chip.tpp_min or 0, default=None
    )
    released = [days for chip in chips if (days := release_days(chip)) is not None]
    return ChipRecord(
        id=row.id,
        name=row.name,
        maker=row.belongs_to,
        maker_country=chips[0].vendor_country if chips else "",
        known={name: Known(tuple(dict.fromkeys(values))) for name, values in properties.items()},
        peaks={name: Known(tuple(dict.fromkeys(values))) for name, values in peaks.items()},
        tpp=float(best.tpp_min) if best is not None and best.tpp_min is not None else None,
        tpp_source=best.decisive_rates[0].source if best is not None else "",
        released=min(released) if released else None,
        released_source=next((source for chip in chips for source in chip.sources()), ""),
    )


def plausible(value: object, chosen: object) -> bool:
    """Whether another source's number can be a version of the chosen one, and not a slip of the decimal point."""
    if isinstance(value, str) or isinstance(chosen, str) or chosen is None or not float(chosen):  # type: ignore[arg-type]
        return True
    return 1 / 3 <= float(value) / float(chosen) <= 3  # type: ignore[arg-type]


def in_unit(value: float, unit: str, attribute: str) -> float:
    """A catalogue number in the unit of the attribute; memory is compared as the maker prints it."""
    if attribute == "chip.memory_bandwidth_tbs":
        return value if unit.startswith("tb") else value / 1000
    return value


def release_days(chip: Chip) -> tuple[dt.date, dt.date] | None:
    """First and last day that a chip's release date may mean."""
    text = str(chip.released_on) if chip.released_on else ""
    try:
        if len(text) == 4:
            return dt.date(int(text), 1, 1), dt.date(int(text), 12, 31)
        if len(text) == 7:
            first = dt.date(int(text[:4]), int(text[5:]), 1)
            return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day, day
