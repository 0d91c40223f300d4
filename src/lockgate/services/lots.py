"""Lots: the units with their serial numbers, and the tests they must pass before they leave."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.roles import Actor, Role
from lockgate.casework.states import Action
from lockgate.services.case_record import load_case, require_usable
from lockgate.services.cases import do
from lockgate.services.ledger import append_once, require_role
from lockgate.services.people import check_id
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.bulk import insert_rows
from lockgate.store.work import Work

SERIAL_MAX = 64


def read_serials(text: str, *, column: str = "serial") -> list[str]:
    r"""Serial numbers from a CSV file with a heading; every row that cannot be taken is reported with its line.

    Args:
        text: The file.
        column: Heading of the column they stand in; other columns are left alone.

    Raises:
        InvalidInputError: ``missing-column``, ``empty-file``, ``missing-serial``, ``bad-serial``, ``duplicate-serial``.

    >>> read_serials("serial\nA1\nA2\n")
    ['A1', 'A2']
    """
    names, rows = read_table(text)
    if column not in names:
        raise LockgateError(
            f"the file has no column {column!r}",
            code="missing-column",
            where=column,
            hint="its first line names the columns: " + (", ".join(names) or "nothing"),
        )
    return check_serials((row[column], line) for line, row in rows)


def read_table(text: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The headings of a CSV file, and its rows with the lines they end in; a missing cell is empty.

    Raises:
        LockgateError: ``bad-csv``, with the line.
    """
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), skipinitialspace=True, restval="")
    try:
        names = list(reader.fieldnames or [])
        rows = [(reader.line_num, {name: row[name] or "" for name in names}) for row in reader]
    except csv.Error as error:
        raise LockgateError(
            f"the file is no CSV: {error}",
            code="bad-csv",
            where=f"line {reader.line_num + 1}",
            hint="save it as CSV, UTF-8",
        ) from error
    return names, rows


def check_serials(found: Iterable[tuple[str, int]]) -> list[str]:
    """Serial numbers with the lines they stand in, checked.

    Raises:
        InvalidInputError: With one problem a row, the first hundred of them.
    """
    problems = ProblemCollector()
    lines: dict[str, int] = {}
    wrong = 0
    for raw, line in found:
        serial = raw.strip()
        fault = ""
        if not serial:
            fault, code = "the row has no serial number", "missing-serial"
        elif len(serial) > SERIAL_MAX or not serial.isprintable() or any(char.isspace() for char in serial):
            fault, code = f"{serial[:SERIAL_MAX]!r} is not a serial number", "bad-serial"
        elif serial in lines:
            fault, code = f"{serial} stands in line {lines[serial]} already", "duplicate-serial"
        if fault:
            wrong += 1
            if wrong <= 100:
                problems.add(fault, code=code, where=f"line {line}")
        else:
            lines[serial] = line
    if wrong > 100:
        problems.add(f"{wrong - 100} more rows like these", code="more-problems")
    if not lines and not wrong:
        problems.add("the file has no rows", code="empty-file")
    problems.raise_if_any()
    return list(lines)


def register_lot(
    registry: Registry, person: Actor, lot: str, product: str, serials: Sequence[str], *, key: str = ""
) -> Event:
    """Enter a lot with the serial numbers of its units: all of them, or none.

    Args:
        registry: Whose record.
        person: An applicant or an officer.
        lot: Its id.
        product: What the units are.
        serials: Checked by ``check_serials``.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``conflict``; ``known-serial``, one problem each, where a unit is in another lot.
    """
    require_role(person, Role.APPLICANT, Role.OFFICER, to="enter lots")
    check_id(lot)
    rows = [(lot, product, serial) for serial in serials]

    def act(work: Work, request: str) -> Event:
        if work.lock().item("lot", lot):
            raise LockgateError(f"the lot {lot!r} is entered already", code="conflict", where="lot")
        refuse_known(work, product, serials)
        event = work.append(
            f"lot:{lot}",
            "LotRegistered",
            {"lot": lot, "product": product, "quantity": len(rows), "entered_by": person.organisation},
            actor=person.id,
            key=key,
            request=request,
            bound={"unit": (list(row) for row in rows)},
        )
        insert_rows(work.connection, schema.unit, [(event.seq, at, *row) for at, row in enumerate(rows)])
        return event

    asked = ["lot", lot, product, len(rows), serials[0] if serials else "", serials[-1] if serials else ""]
    return append_once(registry, key, asked, act)[0]


def refuse_known(work: Work, product: str, serials: Sequence[str]) -> None:
    """Report every serial number that is in a lot already.

    Raises:
        InvalidInputError: ``known-serial``, the first hundred.
    """
    problems = ProblemCollector()
    for serial, lot in _find_units(work, product, serials):
        problems.add(f"{serial} is in lot {lot} already", code="known-serial", where="serials")
        if len(problems.problems) == 100:
            break
    problems.raise_if_any()


def _find_units(work: Work, product: str, serials: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Those of the serial numbers that are entered, with their lots."""
    table = schema.unit
    for start in range(0, len(serials), 10_000):
        part = serials[start : start + 10_000]
        where = among(table.c.serial, part, work.connection.dialect.name)
        rows = work.connection.execute(
            select(table.c.serial, table.c.lot).where(table.c.product == product, where)
        )
        yield from ((str(serial), str(lot)) for serial, lot in rows)


def among(column: ColumnElement[str], values: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Whether a column is one of many values, which go over as one parameter."""
    if dialect == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(Text)))
    each = func.json_each(bindparam(None, json.dumps(list(values)), type_=Text)).table_valued("value")
    return column.in_(select(each.c.value))


def lot_serials(work: Work, lots: Iterable[str]) -> list[str]:
    """Serial numbers of lots, in their order."""
    table = schema.unit
    query = (
        select(table.c.serial)
        .where(table.c.lot.in_(list(lots)))
        .order_by(table.c.event_seq, table.c.position)
    )
    return list(work.connection.execute(query).scalars())


def record_test(
    registry: Registry,
    person: Actor,
    lot: str,
    *,
    case_id: str,
    passed: bool,
    sample: Sequence[str],
    certificate: str,
    key: str = "",
) -> Event:
    """A laboratory's answer about a lot that is to ship under a licence.

    Args:
        registry: Whose record.
        person: Of the laboratory that the licence's application names.
        lot: The lot.
        case_id: The licence's case.
        passed: The answer.
        sample: Serial numbers tested; each must be of the lot.
        certificate: SHA-256 or number of the certificate.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``not-named-lab``, ``unknown-lot``, ``not-qualified``, ``unknown-serial``.
    """

    def act(work: Work, request: str) -> Event:
        found = work.lock().item("lot", lot)
        if found is None or found.state == "shipped":
            raise LockgateError(f"no lot {lot!r} waits for a test", code="unknown-lot", where="lot")
        require_qualified(registry, work, person.organisation)
        known = {
            serial for serial, place in _find_units(work, found.data["product"], list(sample)) if place == lot
        }
        problems = ProblemCollector()
        for serial in sample:
            if serial not in known:
                problems.add(f"{serial} is not of lot {lot}", code="unknown-serial", where="sample")
        if not sample:
            problems.add("no unit was tested", code="empty-sample", where="sample")
        problems.raise_if_any()
        data = {
            "lot": lot, "laboratory": person.organisation, "passed": passed, "sample": list(sample),
            "certificate": certificate, "tested_on": str(registry.today()),
        }  # fmt: skip
        return do(registry, work, person, case_id, Action.RECORD_TEST, data, key=key, request=request)

    return append_once(registry, key, ["test", lot, case_id, passed, list(sample), certificate], act)[0]


def require_qualified(registry: Registry, work: Work, laboratory: str) -> None:
    """Make sure that a laboratory is qualified today.

    Raises:
        LockgateError: ``not-qualified``, with why.
    """
    reasons = []
    for case_id in work.case_ids(applicant=laboratory):
        if load_practice(load_case(work, case_id).kind).kind.issues != "qualification":
            continue
        reason = require_usable(work, case_id, registry.today(), strict=False)
        if not reason:
            return
        reasons.append(reason)
    raise LockgateError(
        f"the laboratory {laboratory or '(none)'} is not qualified: {'; '.join(reasons) or 'it has no qualification'}",
        code="not-qualified",
        where="laboratory",
    )


def shippable_lots(registry: Registry, work: Work, deal: Item, lots: Sequence[str]) -> list[Item]:
    """The lots of a shipment, each of the deal's product, tested by a laboratory that is still qualified, and still here."""
    problems = ProblemCollector()
    found: list[Item] = []
    if not lots or len(set(lots)) < len(lots):
        problems.add("name each lot that ships, once", code="no-lots", where="lots")
    for name in lots:
        with problems.at("lots"):
            lot = work.item("lot", name)
            if lot is None or lot.data["product"] != deal.data["product"]:
                raise LockgateError(f"no lot {name!r} of {deal.data['product']}", code="unknown-lot")
            if lot.state != "tested":
                raise LockgateError(
                    f"lot {name} is {lot.state}, not tested",
                    code="untested-lot",
                    hint="a qualified laboratory tests each lot before export",
                )
            require_qualified(registry, work, lot.data["test"]["laboratory"])
            found.append(lot)
    problems.raise_if_any()
    return found
