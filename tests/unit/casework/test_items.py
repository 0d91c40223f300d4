"""The lists, event by event: what each event leaves behind, and what it must not speak of before it was made."""

from pathlib import Path
from typing import Any

import pytest

from lockgate.casework.history import Event
from lockgate.casework.items import EVOLVE, Item, project


class Lists:
    """Entries as the events so far leave them."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}

    def read(self, kind: str, name: str) -> Item | None:
        return self.items.get((kind, name))

    def happen(
        self, name: str, data: dict[str, Any], stream: str = "case:c1", actor: str = "a"
    ) -> list[Item]:
        if stream.startswith("case:"):
            data = {"action": "x", "form": data}
        event = Event(1, stream, 1, name, "2026-01-28T00:00:00.000000Z", actor, data, "")
        made = project(event, self.read)
        self.items |= {(item.kind, item.id): item for item in made}
        return made

    def state(self, kind: str, name: str) -> str:
        return self.items[kind, name].state


@pytest.fixture
def lists() -> Lists:
    """A batch with a round in force and a lot that is tested."""
    found = Lists()
    found.happen("BatchOpened", {"batch": "b", "quantity": 100})
    found.happen("AllocationRequested", {"request": "r", "recipient": "p", "quantity": 50})
    found.happen("AllocationProposed", {"round_id": "b-1", "batch": "b"}, actor="one")
    line = {"allotment": "t", "recipient": "p", "quantity": 30, "request": "r"}
    committed = {"round_id": "b-1", "batch": "b", "allotments": [line], "expires_at": "2026-02-28T00"}
    found.happen("AllocationCommitted", committed, actor="two")
    found.happen("LotRegistered", {"lot": "l", "quantity": 10}, "lot:l")
    found.happen("TestRecorded", {"lot": "l", "passed": True, "laboratory": "q"})
    return found


def ship(lists: Lists, quantity: int = 10) -> None:
    data = {"shipment": "s", "allotment": "t", "lots": ["l"], "quantity": quantity, "import_case": "c1"}
    lists.happen("ShipmentRecorded", data, "case:us")


def test_a_round_in_force(lists: Lists) -> None:
    assert lists.items["round", "b-1"].data["proposed_by"] == "one"
    assert lists.items["round", "b-1"].data["committed_by"] == "two"
    assert lists.items["request", "r"].data["open_quantity"] == 20
    assert lists.items["allotment", "t"].due_on == "2026-02-28"
    assert lists.items["batch", "b"].data["rounds"] == 1


@pytest.mark.parametrize(("state", "open_quantity"), [("lapsed", 50), ("revoked", 50), ("surrendered", 20)])
def test_an_allotment_ends(lists: Lists, state: str, open_quantity: int) -> None:
    data = {"allotments": [{"allotment": "t", "quantity": 30}], "state": state}
    lists.happen("AllotmentsEnded", data, "goods:c1")
    assert lists.state("allotment", "t") == state
    assert lists.items["request", "r"].data["open_quantity"] == open_quantity


def test_a_withdrawn_request_does_not_wait_again(lists: Lists) -> None:
    lists.happen("RequestWithdrawn", {"request": "r"}, "goods:c1")
    lists.happen(
        "AllotmentsEnded", {"allotments": [{"allotment": "t", "quantity": 30}], "state": "lapsed"}, "goods:c1"
    )
    assert lists.state("request", "r") == "withdrawn"
    lists.happen("BatchClosed", {"batch": "b", "state": "lapsed"}, "goods:c1")
    assert lists.state("batch", "b") == "lapsed"


def test_a_lot_fails_or_loses_its_test(lists: Lists) -> None:
    lists.happen("TestsVoided", {"lots": ["l"]}, "party:q")
    assert lists.state("lot", "l") == "registered"
    lists.happen("TestRecorded", {"lot": "l", "passed": False})
    assert lists.state("lot", "l") == "failed"


def test_goods_on_their_way(lists: Lists) -> None:
    ship(lists, 30)
    assert lists.state("allotment", "t") == "shipped"
    assert lists.state("lot", "l") == "shipped"
    assert lists.items["shipment", "s"].case_id == "c1"
    lists.happen("CustomsEntered", {"shipment": "s"}, "goods:c1")
    assert lists.state("shipment", "s") == "entered"
    lists.happen("GoodsReturned", {"shipment": "s", "quantity": 5}, "goods:c1")
    assert lists.state("shipment", "s") == "entered"
    lists.happen("DeliveryRecorded", {"shipment": "s", "quantity": 25, "report_due_on": "2026-03-30"})
    assert (lists.state("report", "s"), lists.items["report", "s"].due_on) == ("due", "2026-03-30")
    lists.happen("ReportsOverdue", {"reports": ["s"]}, "goods:c1")
    assert lists.state("report", "s") == "overdue"
    report = {"shipment": "s", "accounted_quantity": 20, "late_days": 3, "reported_on": "2026-04-02"}
    lists.happen("EndUseReported", report)
    assert lists.state("report", "s") == "overdue"
    lists.happen("EndUseReported", {**report, "accounted_quantity": 5})
    assert lists.state("report", "s") == "late"
    assert lists.items["report", "s"].data["reported_quantity"] == 25


def test_a_report_in_time_and_goods_all_returned(lists: Lists) -> None:
    ship(lists)
    lists.happen("GoodsReturned", {"shipment": "s", "quantity": 10}, "goods:c1")
    assert lists.state("shipment", "s") == "returned"
    assert lists.items["allotment", "t"].data["returned_quantity"] == 10
    lists.happen("DeliveryRecorded", {"shipment": "s", "quantity": 0, "report_due_on": "2026-03-30"})
    report = {"shipment": "s", "accounted_quantity": 0, "late_days": 0, "reported_on": "2026-03-01"}
    lists.happen("EndUseReported", report)
    assert lists.state("report", "s") == "complete"


def test_tasks_and_legal_holds(lists: Lists) -> None:
    lists.happen("DiscrepancyOpened", {"id": "d", "facts": "one missing", "subject": "p"})
    lists.happen("DiscrepancyResolved", {"id": "d", "facts": "found"})
    assert lists.items["task", "c1/d"].data["resolution"] == "found"
    assert lists.happen("DiscrepancyResolved", {"id": "other", "facts": "x"}) == []
    lists.happen("LegalHoldPlaced", {"matter": "m"})
    lists.happen("LegalHoldLifted", {"matter": "m"})
    assert lists.state("legal-hold", "c1/m") == "lifted"
    assert lists.happen("LegalHoldLifted", {"matter": "other"}) == []


def test_parties_deals_caps_and_dependencies(lists: Lists) -> None:
    lists.happen("PartyRegistered", {"id": "p"}, "party:p")
    lists.happen("PartyShredded", {"party": "p"}, "party:p")
    assert lists.state("party", "p") == "shredded"
    lists.happen("DealJoined", {"deal": "d", "import_case": "c1"}, "deal:d")
    assert lists.items["deal", "d"].case_id == "c1"
    lists.happen("CapSet", {"account": "cap:x:p", "recipient": "p", "quantity": 5}, "cap:x:p")
    lists.happen("CapSet", {"account": "cap:x:p", "recipient": "p", "quantity": 7}, "cap:x:p")
    assert lists.items["cap", "cap:x:p"].data["quantity"] == 7
    assert len(lists.happen("ApplicationEdited", {"fields": {"laboratory": "q"}})) == 1
    assert lists.happen("ApplicationEdited", {"fields": {"laboratory": ["q"]}}) == []
    assert lists.happen("ApplicationEdited", {"fields": {"laboratory": {"commitment": "x"}}}) == []
    assert lists.happen("ApplicationEdited", {"fields": {}}) == []
    assert lists.happen("NothingOfTheKind", {}) == []


def test_nothing_is_spoken_of_before_it_was_made() -> None:
    with pytest.raises(LookupError, match="batch b"):
        Lists().happen("BatchClosed", {"batch": "b", "state": "lapsed"}, "goods:c1")


def test_every_event_of_the_lists_is_tested_here() -> None:
    text = Path(__file__).read_text()
    assert [name for name in EVOLVE if f'"{name}"' not in text] == []
