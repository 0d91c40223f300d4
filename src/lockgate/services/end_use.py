"""After delivery: end-use reports by serial number, what is overdue, samples for visits, discrepancies."""

import datetime as dt
from collections.abc import Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import Any

from sqlalchemy import select

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.history import Event, digest_rows
from lockgate.casework.items import Item
from lockgate.casework.ledger import AccountKind
from lockgate.casework.quantities import Leg, draw_now, goods
from lockgate.casework.roles import Actor, Role
from lockgate.casework.states import Action
from lockgate.services.case_record import case_stream, note, permit
from lockgate.services.case_view import visible_items
from lockgate.services.cases import act, do
from lockgate.services.ledger import append_once, require_role
from lockgate.services.lots import lot_serials
from lockgate.services.registry import Registry
from lockgate.services.shipments import open_task, require_shipment
from lockgate.store import schema
from lockgate.store.bulk import insert_rows
from lockgate.store.work import Work

# Status of a unit in a report -> whether it is accounted for where it should be.
STATUSES: Mapping[str, bool] = {
    "installed": True, "spare": True, "in_transit": True, "failed": True, "scrapped": True, "missing": False, "moved": False,
}  # fmt: skip


def report_end_use(
    registry: Registry,
    person: Actor,
    shipment: str,
    rows: Sequence[Mapping[str, str]],
    *,
    reported_on: dt.date,
    key: str = "",
) -> Event:
    """A report by serial number. Serial numbers that are not of the shipment, missing units and a late report become tasks.

    Args:
        registry: Whose record.
        person: The applicant.
        shipment: The shipment.
        rows: ``serial``, ``status`` (one of ``STATUSES``), and where known ``site`` and ``end_use``.
        reported_on: Day of the report.
        key: Idempotency key.

    Raises:
        InvalidInputError: Every row that cannot be taken; nothing is recorded then.
        LockgateError: ``not-allowed``, ``unknown-shipment``, ``out-of-order``.
    """
    checked = check_rows(rows)

    def perform(work: Work, request: str) -> Event:
        found = require_shipment(work.lock(), shipment)
        due = work.item("report", shipment)
        if due is None:
            raise LockgateError(f"{shipment} is not delivered", code="out-of-order", where="shipment")
        own = set(lot_serials(work, found.data["lots"]))
        product = _product(work, found)
        accounted = _accounted(work, product, found.data["lots"])
        fresh = [row for row in checked if row[0] in own and STATUSES[row[1]] and row[0] not in accounted]
        late_days = max(0, (reported_on - dt.date.fromisoformat(due.due_on)).days)
        leg = Leg(
            goods(AccountKind.DELIVERED, found.data["batch"], found.subject),
            goods(AccountKind.REPORTED, found.data["batch"], found.subject),
        )
        quantity = min(len(fresh), work.account(leg.from_account).headroom)
        bound = [[product, *row] for row in checked]
        name = f"report/{shipment}/{work.stream_version(case_stream(found.case_id)) + 1}"
        data = {
            "shipment": shipment, "reported_on": str(reported_on), "accounted_quantity": quantity,
            "late_days": late_days,
        }  # fmt: skip
        event = do(
            registry, work, person, found.case_id, Action.REPORT_END_USE, data, key=key, request=request,
            bound={"unit_report": bound}, postings=draw_now(name, [leg], quantity) if quantity else (),
        )  # fmt: skip
        insert_rows(
            work.connection, schema.unit_report, [(event.seq, at, *row) for at, row in enumerate(bound)]
        )
        for facts, diversion in find_discrepancies(checked, own, late_days):
            open_task(work, found, facts, diversion=diversion)
        return event

    digest = digest_rows(checked)["sha256"]
    return append_once(registry, key, ["report", shipment, str(reported_on), digest], perform)[0]


def check_rows(rows: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """Rows of a report as serial, status, site, end use.

    Raises:
        InvalidInputError: With one problem a row.
    """
    problems = ProblemCollector()
    checked: list[list[str]] = []
    seen: set[str] = set()
    for at, row in enumerate(rows):
        serial, status = (row.get("serial") or "").strip(), (row.get("status") or "").strip()
        if not serial:
            problems.add("the row has no serial number", code="missing-serial", where=("rows", at))
        elif serial in seen:
            problems.add(f"{serial} stands twice", code="duplicate-serial", where=("rows", at))
        if status not in STATUSES:
            problems.add(
                f"{status!r} is no status of a unit",
                code="bad-status",
                where=("rows", at),
                hint="one of " + ", ".join(STATUSES),
            )
        seen.add(serial)
        checked.append([serial, status, (row.get("site") or "").strip(), (row.get("end_use") or "").strip()])
    if not checked:
        problems.add("the report has no rows", code="empty-file")
    problems.raise_if_any()
    return checked


def _product(work: Work, shipment: Item) -> str:
    lot = work.item("lot", shipment.data["lots"][0])
    return str(lot.data["product"]) if lot else ""


def _accounted(work: Work, product: str, lots: Sequence[str]) -> set[str]:
    """Serial numbers of the lots that an earlier report accounted for."""
    table = schema.unit_report
    good = [status for status, fine in STATUSES.items() if fine]
    own = select(schema.unit.c.serial).where(schema.unit.c.lot.in_(list(lots)))
    query = select(table.c.serial).where(
        table.c.product == product, table.c.status.in_(good), table.c.serial.in_(own)
    )
    return set(work.connection.execute(query).scalars())


def find_discrepancies(
    rows: Sequence[Sequence[str]], own: set[str], late_days: int
) -> list[tuple[str, bool]]:
    """What a report shows that somebody has to look into, and whether it may be a diversion."""
    found: list[tuple[str, bool]] = []
    for serial, status, site, _ in rows:
        if serial not in own:
            found.append((f"{serial} is not a unit of this shipment", True))
        elif not STATUSES[status]:
            found.append((f"{serial} is {status}" + (f" ({site})" if site else ""), True))
    if late_days:
        found.append((f"the report came {late_days} days late", False))
    return found


def list_overdue(registry: Registry, person: Actor) -> list[Item]:
    """Reports that are due and not there, the longest overdue first, as far as the person may see them.

    Raises:
        LockgateError: ``not-allowed``.
    """
    today = str(registry.today())
    with registry.read() as work:
        found = [
            item
            for state in ("due", "overdue")
            for item in work.items("report", state=state, due_before=today)
        ]
        return sorted(visible_items(work, person, found), key=lambda item: (item.due_on, item.id))


def mark_overdue(registry: Registry, person: Actor) -> list[str]:
    """Record which reports are overdue now. Returns their shipments.

    Raises:
        LockgateError: ``not-allowed``.
    """
    require_role(person, Role.OFFICER, Role.ADMINISTRATOR, to="record what is overdue")
    marked: list[str] = []
    with registry.work() as work:
        by_case: dict[str, list[str]] = {}
        for item in work.lock().items("report", state="due", due_before=str(registry.today())):
            by_case.setdefault(item.case_id, []).append(item.id)
        for case_id, reports in by_case.items():
            note(work, case_id, "ReportsOverdue", {"reports": reports}, actor=person.id)
            marked += reports
    return marked


def draw_sample(
    registry: Registry, person: Actor, shipment: str, size: int, *, purpose: str
) -> dict[str, Any]:
    """Choose units for a visit so that anybody can repeat the choice.

    The seed is the hash of the last event before the draw with the purpose: nobody could choose it, and it stands in the
    record. The population is the shipment's serial numbers in their order; Python's ``Random(seed).sample`` draws.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-shipment``, ``bad-quantity``.
    """
    with registry.work() as work:
        found = require_shipment(work.lock(), shipment)
        permit(registry, work, person, found.case_id, Action.OPEN_DISCREPANCY)
        serials = lot_serials(work, found.data["lots"])
        if not 0 < size <= len(serials):
            raise LockgateError(
                f"{size} of {len(serials)} units cannot be drawn", code="bad-quantity", where="size"
            )
        previous = work.head_hash()
        seed = sha256(f"{previous}\n{shipment}\n{purpose}".encode()).hexdigest()
        drawn = Random(seed).sample(serials, size)  # noqa: S311 - meant to be repeatable
        data = {
            "shipment": shipment, "purpose": purpose, "seed": seed, "population": digest_rows(serials), "serials": drawn,
        }  # fmt: skip
        note(work, found.case_id, "SampleDrawn", data, actor=person.id)
    return data


def list_tasks(registry: Registry, person: Actor, *, case_id: str = "", state: str = "open") -> list[Item]:
    """Discrepancies by state, as far as the person may see them.

    Raises:
        LockgateError: ``not-allowed``.
    """
    with registry.read() as work:
        return visible_items(work, person, work.items("task", case_id=case_id, state=state))


def resolve_task(registry: Registry, person: Actor, task: str, *, resolution: str, key: str = "") -> Event:
    """Close a discrepancy with what came of it.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-task``.
    """
    if not resolution.strip():
        raise LockgateError("say what came of it", code="missing-resolution", where="resolution")
    case_id, _, name = task.partition("/")
    return act(
        registry, person, case_id, Action.RESOLVE_DISCREPANCY, {"id": name, "facts": resolution}, key=key
    )
