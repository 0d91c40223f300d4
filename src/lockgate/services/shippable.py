"""Deals: an export licence and an import approval joined; what can still ship is the least of what both sides leave."""

from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.items import Item
from lockgate.casework.quantities import Leg, ceiling_leg
from lockgate.casework.roles import Actor, Role
from lockgate.services.batches import only_line
from lockgate.services.caps import find_ratio_cap
from lockgate.services.case_record import load_case, require_usable
from lockgate.services.case_view import may_see
from lockgate.services.cases import licence_account
from lockgate.services.ledger import require_role
from lockgate.services.people import check_id
from lockgate.services.registry import Registry
from lockgate.store.work import Work


def join_deal(
    registry: Registry,
    person: Actor,
    deal: str,
    *,
    export_case: str,
    import_case: str,
    product: str,
    line: str = "",
    ratio_cap: str = "",
) -> Event:
    """Join an export licence and an import approval: goods ship only within what both sides have granted and not used.

    Args:
        registry: Whose record.
        person: An officer.
        deal: Its id.
        export_case: The export licence's case.
        import_case: The import approval's case.
        product: What is traded.
        line: Line of the export licence it ships under; empty where the licence has one line only.
        ratio_cap: Name of the ratio cap that shipments of this deal draw on; empty: none.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-case``, ``unknown-cap``, ``conflict``.
    """
    require_role(person, Role.OFFICER, to="join deals")
    check_id(deal)
    with registry.work() as work:
        if work.lock().item("deal", deal):
            raise LockgateError(f"the deal {deal!r} is joined already", code="conflict", where="deal")
        load_case(work, import_case)
        if ratio_cap:
            find_ratio_cap(work, ratio_cap)
        data = {
            "deal": deal, "export_case": export_case, "import_case": import_case, "product": product,
            "line": only_line(work, export_case, line), "ratio_cap": ratio_cap,
        }  # fmt: skip
        return work.append(f"deal:{deal}", "DealJoined", data, actor=person.id)


def require_deal(work: Work, deal: str) -> Item:
    """A deal by id.

    Raises:
        LockgateError: ``unknown-deal``.
    """
    found = work.item("deal", deal)
    if found is None:
        raise LockgateError(f"no deal {deal!r} is joined here", code="unknown-deal", where="deal")
    return found


def export_legs(work: Work, deal: Item) -> list[Leg]:
    """What a unit that leaves draws on besides its allotment: the export licence, and the ratio cap where there is one."""
    legs = [ceiling_leg(licence_account(deal.data["export_case"], deal.data["line"]))]
    if deal.data["ratio_cap"]:
        legs.append(find_ratio_cap(work, deal.data["ratio_cap"]).leg)
    return legs


def deal_position(registry: Registry, person: Actor, deal: str) -> dict[str, Any]:
    """What can still ship under a deal, and which side decides it.

    The least of: what the import side has allotted and not shipped, what the export licence has left, what the ratio cap
    leaves. A side that is not in force leaves nothing.

    Raises:
        LockgateError: ``unknown-deal``, ``not-allowed``.
    """
    with registry.read() as work:
        found = require_deal(work, deal)
        sides_of = (load_case(work, found.data["export_case"]), load_case(work, found.data["import_case"]))
        if not any(may_see(person, case, "parties") for case in sides_of):
            raise LockgateError(f"{person.id} may not see this deal", code="not-allowed")
        allotments = work.items("allotment", case_id=found.data["import_case"], state="reserved")
        sides = {"import approval (allotted)": sum(item.data["open_quantity"] for item in allotments)}
        for leg in export_legs(work, found):
            account = work.account(leg.from_account)
            sides[leg.from_account] = max(0, account.headroom // leg.per_unit)
        for name, case_id in (
            ("import approval", found.data["import_case"]),
            ("export licence", found.data["export_case"]),
        ):
            reason = require_usable(work, case_id, registry.today(), strict=False)
            if reason:
                sides[f"{name}: {reason}"] = 0
    least = min(sides.values())
    return {
        "deal": deal,
        "shippable": least,
        "sides": sides,
        "decided_by": [name for name, quantity in sides.items() if quantity == least],
    }
