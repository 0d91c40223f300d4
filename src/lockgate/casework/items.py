"""The lists: batches, requests, allotments, shipments … as each event leaves them. The same code writes and rebuilds them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from lockgate.casework.history import Event


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list.

    Attributes:
        kind: Which list: ``batch``, ``request``, ``allotment``, ``lot``, ``shipment``, ``report``, ``task`` …
        id: Its name in that list.
        case_id: The case it belongs to; empty where to none.
        state: Where it stands.
        subject: The party it concerns; empty where none.
        due_on: Day (ISO text) by which something is due; empty where nothing is.
        data: Everything else, as plain data.
    """

    kind: str
    id: str
    case_id: str = ""
    state: str = ""
    subject: str = ""
    due_on: str = ""
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


Read: TypeAlias = Callable[[str, str], Item | None]
Evolve: TypeAlias = Callable[[Event, Read], Iterator[Item]]


def project(event: Event, read: Read) -> list[Item]:
    """The entries as an event leaves them; none where it touches no list.

    Args:
        event: What happened.
        read: Gives an entry by kind and id, as it was before.
    """
    evolve = EVOLVE.get(event.type)
    if evolve is None:
        return []
    made: dict[tuple[str, str], Item] = {}

    def read_made(kind: str, name: str) -> Item | None:
        return made.get((kind, name)) or read(kind, name)

    for entry in evolve(event, read_made):
        made[entry.kind, entry.id] = entry
    return list(made.values())


def case_of(event: Event) -> str:
    """Id of the case whose stream, or whose goods' stream, the event is in; empty for other streams."""
    kind, _, case_id = event.stream.partition(":")
    return case_id if kind in ("case", "goods") else ""


def form_of(event: Event) -> Mapping[str, Any]:
    """What the action was told, for an event of a case; the data of any other event."""
    form: Mapping[str, Any] = event.data.get("form", event.data)
    return form


def _known(read: Read, kind: str, name: str) -> Item:
    found = read(kind, name)
    if found is None:
        raise LookupError(f"the record speaks of {kind} {name} before it was made")
    return found


def _with(item: Item, *, state: str = "", due_on: str | None = None, **data: Any) -> Item:
    return replace(
        item,
        state=state or item.state,
        due_on=item.due_on if due_on is None else due_on,
        data={**item.data, **data},
    )


# ------------------------------------------------------------------------------------------- parties, deals
def party_registered(event: Event, _read: Read) -> Iterator[Item]:
    """A party; its name stays a commitment."""
    yield Item("party", event.data["id"], state="known", data=event.data)


def party_shredded(event: Event, read: Read) -> Iterator[Item]:
    """A party whose name was destroyed."""
    yield _with(_known(read, "party", event.data["party"]), state="shredded")


def deal_joined(event: Event, _read: Read) -> Iterator[Item]:
    """An export licence and an import approval that belong together."""
    yield Item("deal", event.data["deal"], case_id=event.data["import_case"], state="open", data=event.data)


def cap_set(event: Event, read: Read) -> Iterator[Item]:
    """A recipient's ceiling over all vendors."""
    earlier = read("cap", event.data["account"])
    yield Item(
        "cap",
        event.data["account"],
        subject=event.data.get("recipient", ""),
        state="open",
        data={**(earlier.data if earlier else {}), **event.data},
    )


# ------------------------------------------------------------------------------------------- batches and allocation
def application_edited(event: Event, read: Read) -> Iterator[Item]:
    """The laboratories that a case relies on."""
    named = form_of(event).get("fields", {}).get("laboratory")
    listed = named if isinstance(named, list) else [named]
    for laboratory in listed:
        if isinstance(laboratory, str) and read("dependency", f"{case_of(event)}/{laboratory}") is None:
            yield Item("dependency", f"{case_of(event)}/{laboratory}", case_of(event), "named", laboratory)


def batch_opened(event: Event, _read: Read) -> Iterator[Item]:
    """A batch, open for allocation."""
    yield Item(
        "batch",
        form_of(event)["batch"],
        case_id=case_of(event),
        state="open",
        data={**form_of(event), "rounds": 0},
    )


def allocation_requested(event: Event, _read: Read) -> Iterator[Item]:
    """A request on the waiting list."""
    data = form_of(event)
    yield Item(
        "request", data["request"], case_of(event), "waiting", data["recipient"],
        data={**data, "open_quantity": data["quantity"]},
    )  # fmt: skip


def request_withdrawn(event: Event, read: Read) -> Iterator[Item]:
    """A request taken off the waiting list."""
    yield _with(_known(read, "request", form_of(event)["request"]), state="withdrawn", open_quantity=0)


def allocation_proposed(event: Event, _read: Read) -> Iterator[Item]:
    """A round that another person has to countersign."""
    yield Item(
        "round",
        form_of(event)["round_id"],
        case_of(event),
        "proposed",
        data={**form_of(event), "proposed_by": event.actor},
    )


def allocation_committed(event: Event, read: Read) -> Iterator[Item]:
    """A round in force: allotments are reserved, requests go down by what they got."""
    data = form_of(event)
    yield _with(_known(read, "round", data["round_id"]), state="committed", committed_by=event.actor)
    batch = _known(read, "batch", data["batch"])
    yield _with(batch, rounds=batch.data["rounds"] + 1)
    for line in data["allotments"]:
        yield Item(
            "allotment", line["allotment"], case_of(event), "reserved", line["recipient"], data["expires_at"][:10],
            data={**line, "batch": data["batch"], "expires_at": data["expires_at"],
                  "open_quantity": line["quantity"], "shipped_quantity": 0},
        )  # fmt: skip
        request = _known(read, "request", line["request"])
        left = request.data["open_quantity"] - line["quantity"]
        yield _with(request, state="waiting" if left else "served", open_quantity=left)


def allotment_ended(event: Event, read: Read) -> Iterator[Item]:
    """What an allotment still held goes back to its batch; the request waits again where it was not its own wish."""
    for line in form_of(event)["allotments"]:
        allotment = _known(read, "allotment", line["allotment"])
        yield _with(allotment, state=form_of(event)["state"], open_quantity=0)
        if form_of(event)["state"] != "surrendered":
            request = _known(read, "request", allotment.data["request"])
            if request.state != "withdrawn":
                left = request.data["open_quantity"] + line["quantity"]
                yield _with(request, state="waiting", open_quantity=left)


def batch_closed(event: Event, read: Read) -> Iterator[Item]:
    """A batch that gives out nothing more."""
    yield _with(_known(read, "batch", form_of(event)["batch"]), state=form_of(event)["state"])


# ------------------------------------------------------------------------------------------- goods
def lot_registered(event: Event, _read: Read) -> Iterator[Item]:
    """A lot with its serial numbers."""
    yield Item("lot", form_of(event)["lot"], state="registered", data=form_of(event))


def test_recorded(event: Event, read: Read) -> Iterator[Item]:
    """A laboratory's answer about a lot."""
    lot = _known(read, "lot", form_of(event)["lot"])
    yield _with(
        lot, state="tested" if form_of(event)["passed"] else "failed", test={**form_of(event), "at": event.at}
    )


def test_voided(event: Event, read: Read) -> Iterator[Item]:
    """A test that no longer counts."""
    for name in form_of(event)["lots"]:
        yield _with(_known(read, "lot", name), state="registered", test=None)


def shipment_recorded(event: Event, read: Read) -> Iterator[Item]:
    """Goods that left: the allotment goes down, the lots are gone."""
    data = form_of(event)
    allotment = _known(read, "allotment", data["allotment"])
    left = allotment.data["open_quantity"] - data["quantity"]
    shipped = allotment.data["shipped_quantity"] + data["quantity"]
    yield _with(
        allotment, state="reserved" if left else "shipped", open_quantity=left, shipped_quantity=shipped
    )
    for name in data["lots"]:
        yield _with(_known(read, "lot", name), state="shipped", shipment=data["shipment"])
    yield Item(
        "shipment", data["shipment"], data["import_case"], "exported", allotment.subject,
        data={**data, "batch": allotment.data["batch"], "delivered_quantity": 0, "reported_quantity": 0, "returned_quantity": 0},
    )  # fmt: skip


def customs_entered(event: Event, read: Read) -> Iterator[Item]:
    """Goods that came in."""
    shipment = _known(read, "shipment", form_of(event)["shipment"])
    yield _with(shipment, state="entered", entry=form_of(event))


def delivery_recorded(event: Event, read: Read) -> Iterator[Item]:
    """Goods that arrived; from here the end-use report is due."""
    data = form_of(event)
    shipment = _known(read, "shipment", data["shipment"])
    delivered = shipment.data["delivered_quantity"] + data["quantity"]
    yield _with(shipment, state="delivered", delivered_quantity=delivered, delivery=data)
    yield Item(
        "report", data["shipment"], case_of(event), "due", shipment.subject, data["report_due_on"],
        data={"shipment": data["shipment"], "quantity": delivered, "reported_quantity": 0},
    )  # fmt: skip


def report_overdue(event: Event, read: Read) -> Iterator[Item]:
    """Reports that were not there when due."""
    for name in form_of(event)["reports"]:
        yield _with(_known(read, "report", name), state="overdue", overdue_since=event.at[:10])


def end_use_reported(event: Event, read: Read) -> Iterator[Item]:
    """A report by serial number, and the discrepancies it shows."""
    data = form_of(event)
    shipment = _known(read, "shipment", data["shipment"])
    reported = shipment.data["reported_quantity"] + data["accounted_quantity"]
    yield _with(shipment, reported_quantity=reported)
    report = _known(read, "report", data["shipment"])
    done = reported >= shipment.data["delivered_quantity"]
    yield _with(
        report,
        state=("late" if data["late_days"] else "complete") if done else report.state,
        reported_quantity=reported,
        late_days=data["late_days"],
        reported_on=data["reported_on"],
    )


def discrepancy_opened(event: Event, _read: Read) -> Iterator[Item]:
    """A discrepancy becomes a task."""
    data = form_of(event)
    name = f"{case_of(event)}/{data['id']}"
    yield Item("task", name, case_of(event), "open", data.get("subject", ""), data=data)


def discrepancy_resolved(event: Event, read: Read) -> Iterator[Item]:
    """A discrepancy that was explained or dealt with."""
    data = form_of(event)
    task = read("task", f"{case_of(event)}/{data['id']}")
    if task:
        yield _with(task, state="resolved", resolution=data["facts"])


def legal_hold_placed(event: Event, _read: Read) -> Iterator[Item]:
    """Nothing of the case is destroyed while it lasts."""
    matter = form_of(event)["matter"]
    yield Item("legal-hold", f"{case_of(event)}/{matter}", case_of(event), "placed", data={"matter": matter})


def legal_hold_lifted(event: Event, read: Read) -> Iterator[Item]:
    """It is over."""
    hold = read("legal-hold", f"{case_of(event)}/{form_of(event)['matter']}")
    if hold:
        yield _with(hold, state="lifted")


def goods_returned(event: Event, read: Read) -> Iterator[Item]:
    """Goods that came back."""
    shipment = _known(read, "shipment", form_of(event)["shipment"])
    returned = shipment.data["returned_quantity"] + form_of(event)["quantity"]
    whole = returned == shipment.data["quantity"]
    yield _with(shipment, state="returned" if whole else shipment.state, returned_quantity=returned)
    allotment = _known(read, "allotment", shipment.data["allotment"])
    yield _with(
        allotment, returned_quantity=allotment.data.get("returned_quantity", 0) + form_of(event)["quantity"]
    )


EVOLVE: Mapping[str, Evolve] = MappingProxyType(
    {
        "PartyRegistered": party_registered,
        "PartyShredded": party_shredded,
        "DealJoined": deal_joined,
        "CapSet": cap_set,
        "ApplicationEdited": application_edited,
        "BatchOpened": batch_opened,
        "AllocationRequested": allocation_requested,
        "RequestWithdrawn": request_withdrawn,
        "AllocationProposed": allocation_proposed,
        "AllocationCommitted": allocation_committed,
        "AllotmentsEnded": allotment_ended,
        "BatchClosed": batch_closed,
        "LotRegistered": lot_registered,
        "TestRecorded": test_recorded,
        "TestsVoided": test_voided,
        "ShipmentRecorded": shipment_recorded,
        "CustomsEntered": customs_entered,
        "DeliveryRecorded": delivery_recorded,
        "ReportsOverdue": report_overdue,
        "EndUseReported": end_use_reported,
        "DiscrepancyOpened": discrepancy_opened,
        "LegalHoldPlaced": legal_hold_placed,
        "LegalHoldLifted": legal_hold_lifted,
        "DiscrepancyResolved": discrepancy_resolved,
        "GoodsReturned": goods_returned,
    }
)
