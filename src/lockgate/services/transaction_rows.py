"""Rows as transactions: the columns, what they allow, and every problem of a row."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.base.three_valued import Truth
from lockgate.base.units import to_base
from lockgate.catalogue import Catalogue
from lockgate.catalogue.shelf import near_names
from lockgate.controls.transaction import Movement

YES = frozenset({"yes", "y", "true", "1", "是", "有"})
NO = frozenset({"no", "n", "false", "0", "否", "无"})
EMPTY = frozenset({"", "unknown", "n/a", "none", "null", "-", "?", "undetermined", "未知"})

LARGEST = Decimal(10) ** 18


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        field: The attribute of a transaction, or empty for evidence by the column's own name.
        kind: ``text``, ``place``, ``truth``, ``number``, ``day``, ``movement``, ``truth-or-day`` or a set of words.
        meaning: What it holds, with its unit.
        words: Allowed words, for kind ``word``.
        unit: Trade unit of a number.
    """

    field: str
    kind: str
    meaning: str
    words: tuple[str, ...] = ()
    unit: str = ""


def dd(meaning: str, kind: str = "truth") -> Column:
    """A certificate of paragraph (dd)."""
    return Column("", kind, meaning)


COLUMNS: Mapping[str, Column] = {
    "id": Column("id", "text", "your own name for the row"),
    "item": Column("item", "text", "catalogue id of a chip or system; empty when specifications are given"),
    "on": Column("on", "day", "the day it moves"),
    "kind": Column("kind", "movement", "how it moves"),
    "from": Column("from_place", "place", "where it leaves from"),
    "to": Column("to_place", "place", "where it goes"),
    "quantity": Column("quantity", "number", "number of items"),
    "exporter": Column("exporter", "text", "name of the exporter"),
    "end_user": Column("end_user", "text", "name of the end user"),
    "end_user_hq": Column("end_user_hq", "place", "where the end user is headquartered"),
    "ultimate_parent": Column("ultimate_parent", "place", "where its ultimate parent is headquartered"),
    "military_end_use": Column(
        "military_end_use", "truth", "a military or military-intelligence end use or user"
    ),
    "datacenter": Column("datacenter", "truth", "designed or marketed for datacenters"),
    "tpp": Column("tpp", "number", "total processing performance"),
    "performance_density": Column("performance_density", "number", "TPP per mm² of logic die"),
    "dram_bandwidth_gb_per_s": Column(
        "dram_bandwidth_byte_per_s", "number", "total DRAM bandwidth", unit="gb_per_s"
    ),
    "io_bandwidth_gb_per_s": Column(
        "io_bandwidth_byte_per_s",
        "number",
        "all other transfer rates, both directions, PCI Express included",
        unit="gb_per_s",
    ),
    "memory_bandwidth_density": Column(
        "memory_bandwidth_density", "number", "of a memory stack, GB/s per mm²"
    ),
    "manufacturer": Column("manufacturer", "text", "name of the maker"),
    "designer_country": Column("designer_country", "place", "where the designer is headquartered"),
    "us_licence": Column("us_licence", "truth", "a US licence is held"),
    "cn_approval": Column("cn_approval", "truth", "a Chinese import approval is held"),
    "us_entry": Column("us_entry", "truth", "entered for consumption in the United States on the way"),
    "supp8_approved": Column(
        "supp8_approved", "truth", "consignee and all end users stand in supplement no. 8 to part 740"
    ),
    "purchase_order": Column("", "truth", "a written purchase order is there"),
    "nac_confirmed": Column("", "truth", "a NAC notification is confirmed"),
    "nac_notified_on": Column("", "day", "the day the NAC notification was filed"),
    "party_screening": Column("", "truth", "the parties were screened and none was found (no: one was)"),
    "supercomputer_end_use": Column("", "truth", "a supercomputer end use is known"),
    "listed_owner_fraction": Column("", "number", "share owned by listed parties, 0 to 1"),
    "exporter_role": Column("", "word", "what the exporter is", ("fabricator", "osat", "other")),
    "designer_status": Column("", "word", "what the designer is", ("approved", "authorized", "other")),
    "transistor_count_billion": Column("", "number", "aggregated approximated transistors, attested"),
    "dd_us_availability": dd(
        "on sale in the United States on 15 January 2026, or since which day", "truth-or-day"
    ),
    "dd_us_supply": dd("no order of a US customer is delayed"),
    "dd_foundry_capacity": dd("no foundry capacity for US customers is diverted"),
    "dd_volume_cap": dd("within half of the US volume"),
    "dd_us_units_shipped": dd("units shipped to US customers for use there", "number"),
    "dd_cn_units_shipped": dd("units shipped to China and Macau before", "number"),
    "dd_us_tpp_shipped": dd("aggregate TPP of the product shipped to US customers for use there", "number"),
    "dd_cn_tpp_shipped": dd("aggregate TPP of the product shipped to China and Macau before", "number"),
    "dd_remote_users": dd("remote users of the eight jurisdictions disclosed"),
    "dd_not_military": dd("no military end use or end user, certified"),
    "dd_kyc": dd("know-your-customer procedures of the recipient"),
    "dd_security": dd("physical and cyber security of the recipient"),
    "dd_iaas_weights": dd("terms on model weights"),
    "dd_iaas_algorithms": dd("terms on remote access to trained algorithms"),
    "dd_lab_us_hq": dd("test laboratory headquartered in the United States"),
    "dd_lab_not_d5_controlled": dd("test laboratory free of D:5 and Macau capital"),
    "dd_lab_no_interest": dd("test laboratory without an interest in any party"),
    "dd_test_in_us": dd("tested in the customs territory of the United States"),
    "dd_test_sample": dd("representative sample of the shipment"),
    "dd_test_certificate": dd("test certificate with the agency before export"),
    "dd_lab_revoked": dd("test laboratory's qualification withdrawn, or on which day", "truth-or-day"),
}
"""Every column, in the trade's units."""

ALIASES: Mapping[str, str] = {
    "license": "us_licence",
    "us_license": "us_licence",
    "date": "on",
    "from_place": "from",
    "to_place": "to",
    "dd_availability": "dd_us_availability",
    "dd_supply": "dd_us_supply",
    "dd_foundry": "dd_foundry_capacity",
    "dd_cap": "dd_volume_cap",
    "dd_remote_user_disclosure": "dd_remote_users",
    "dd_military_exclusion": "dd_not_military",
    "dd_lab_revoked_on": "dd_lab_revoked",
}
"""Other spellings of columns."""
SPECIFICATIONS = (
    "tpp",
    "performance_density",
    "memory_bandwidth_density",
    "dram_bandwidth_gb_per_s",
    "io_bandwidth_gb_per_s",
)
SHORTHANDS: Mapping[str, tuple[str, ...]] = {
    "dd_iaas": ("dd_iaas_weights", "dd_iaas_algorithms"),
    "dd_test_lab": (
        "dd_lab_us_hq", "dd_lab_not_d5_controlled", "dd_lab_no_interest", "dd_test_in_us", "dd_test_sample", "dd_test_certificate"
    ),
}  # fmt: skip
"""Columns that state several certificates at once; a column of its own goes before them."""
Row = Mapping[str, Any]


def check_columns(names: Iterable[str]) -> None:
    """Refuse names that are no columns; an unknown ``dd_`` column is let through and warned of.

    Raises:
        InvalidInputError: With every one of them.
    """
    problems = ProblemCollector()
    for name in names:
        if ALIASES.get(name, name) not in COLUMNS and not name.startswith("dd_"):
            hint = near_names(name, list(COLUMNS)) or "columns are " + ", ".join(COLUMNS)
            problems.add(f"there is no column {name!r}", code="unknown-column", where=(name,), hint=hint)
    problems.raise_if_any()


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """Values by column, empty ones left out, and what a reader should know of them."""

    values: Mapping[str, Any]
    warnings: tuple[str, ...]


class RowParser:
    """Reads the cells of rows.

    Args:
        catalogue: Where places are found.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._place = cache(lambda text: find_place(catalogue, text))

    def parse(self, row: Row) -> ParsedRow:
        """The values of a row, in base units.

        Raises:
            InvalidInputError: With every problem: column, value, what is allowed.
        """
        problems = ProblemCollector()
        values: dict[str, Any] = {}
        warnings = []
        with problems.at():
            check_columns(row)
        for given, cell in spell_out(row):
            name = ALIASES.get(given, given)
            column = COLUMNS.get(name)
            if column is None:
                if name.startswith("dd_") and not is_empty(cell):
                    known = ", ".join(key for key in COLUMNS if key.startswith("dd_"))
                    warnings.append(f"column {name} is not known and was not used; known are {known}")
                continue
            with problems.at(name):
                value = self.read_cell(name, column, cell)
                if value is not None and value != "":
                    values[name] = value
        if (
            not problems.problems
            and not values.get("item")
            and not any(name in values for name in SPECIFICATIONS)
        ):
            problems.add(
                "the row has no item", code="no-item", where=("item",),
                hint="give a catalogue id (lockgate chips), or specifications such as tpp",
            )  # fmt: skip
        problems.raise_if_any()
        return ParsedRow(values, tuple(warnings))

    def read_cell(self, name: str, column: Column, cell: Any) -> Any:
        """One cell; None where it is empty or says that it is not known."""
        if isinstance(cell, dict | list):
            raise LockgateError("holds a table, not a value", code="bad-value", hint=column.meaning)
        if column.kind == "text":
            return "" if cell is None else str(cell).strip()
        if is_empty(cell):
            return None
        if column.kind == "place":
            return self._place(str(cell).strip())
        if column.kind == "truth":
            return read_truth(cell)
        if column.kind == "number":
            number = read_number(cell)
            if name == "listed_owner_fraction" and number > 1:
                raise LockgateError(f"{cell!r} is no share", code="bad-number", hint="a number from 0 to 1")
            return to_base(number, column.unit)[0] if column.unit else number
        if column.kind == "day":
            return parse_date(cell if isinstance(cell, dt.date) else str(cell))
        if column.kind == "truth-or-day":
            try:
                return read_truth(cell)
            except LockgateError:
                return parse_date(cell if isinstance(cell, dt.date) else str(cell))
        words = tuple(Movement) if column.kind == "movement" else column.words
        word = str(cell).strip().casefold().replace("_", "-").replace(" ", "-")
        if word not in words:
            raise LockgateError(
                f"{cell!r} is not allowed", code="bad-word", hint="one of " + ", ".join(words)
            )
        return Movement(word) if column.kind == "movement" else word


def spell_out(row: Row) -> Iterator[tuple[str, Any]]:
    """The cells of a row, shorthands first and spelt out, so that a column of its own overrides them."""
    for name, columns in SHORTHANDS.items():
        if name in row:
            yield from ((column, row[name]) for column in columns)
    yield from ((name, cell) for name, cell in row.items() if name not in SHORTHANDS)


def is_empty(cell: Any) -> bool:
    """Whether a cell says nothing, or says that it is not known."""
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in EMPTY)


def read_truth(cell: Any) -> Truth:
    """Yes or no.

    Raises:
        LockgateError: ``bad-truth``.
    """
    if isinstance(cell, bool):
        return cell
    text = str(cell).strip().casefold()
    if text in YES or text in NO:
        return text in YES
    raise LockgateError(
        f"{cell!r} is neither yes nor no", code="bad-truth", hint="one of yes, no, unknown (or empty)"
    )


def read_number(cell: Any) -> Decimal:
    """A number that is not negative; thousands separators are taken out.

    Raises:
        LockgateError: ``bad-number``.

    >>> read_number("1,234,567.5"), read_number(" 15832 ")
    (Decimal('1234567.5'), Decimal('15832'))
    """
    text = str(cell).strip()
    try:
        number = Decimal(ungroup(text))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(cell, bool) or not number.is_finite() or not 0 <= number < LARGEST:
        raise LockgateError(
            f"{cell!r} is no number",
            code="bad-number",
            hint="a number from 0 to below 10^18, such as 4800 or 4,800.5",
        )
    return number


def ungroup(text: str) -> str:
    """A number without its thousands separators; commas that do not stand between groups of three stay.

    >>> ungroup("4,800"), ungroup("4 800.5"), ungroup("4_800"), ungroup("4,8")
    ('4800', '4800.5', '4800', '4,8')
    """
    whole, point, fraction = text.partition(".")
    for mark in (",", "\u202f", "\u00a0", " ", "_", "'"):
        if mark in whole:
            head, *groups = whole.split(mark)
            if head.lstrip("+-").isdigit() and all(len(group) == 3 and group.isdigit() for group in groups):
                whole = head + "".join(groups)
            break
    return whole + point + fraction


def find_place(catalogue: Catalogue, text: str) -> str:
    """The two-letter code of a place: by code of two or three letters, or by name, English or Chinese.

    Raises:
        LockgateError: ``unknown-place``.
    """
    code = catalogue.alpha_2.get(text.upper())
    try:
        return catalogue.place(code or text).code
    except LockgateError as error:
        raise LockgateError(
            f"{text!r} is no country or territory", code="unknown-place",
            hint=error.hint or "a code such as CN or CHN, or a name such as China or 中国",
        ) from None  # fmt: skip
