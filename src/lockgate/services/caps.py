"""Ceilings that do not belong to one licence: a recipient's cap over all vendors, and the ratio cap that moves."""

from fractions import Fraction
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.quantities import OUTSIDE_TPP, OUTSIDE_UNIT, RatioCap, grant, lower, used
from lockgate.casework.roles import Actor, Role
from lockgate.services.ledger import append_once, require_role
from lockgate.services.people import check_id, require_party
from lockgate.services.registry import Registry
from lockgate.store.work import Work


def recipient_cap(programme: str, recipient: str) -> str:
    """The account of a recipient's cap.

    >>> recipient_cap("h200", "p-1")
    'cap:h200:p-1'
    """
    return f"{AccountKind.CAP}:{programme}:{recipient}"


def set_recipient_cap(
    registry: Registry, person: Actor, programme: str, recipient: str, quantity: int, *, key: str = ""
) -> Event:
    """Set what one recipient may get over all vendors; a lower figure than what is in use is a breach everybody sees.

    Args:
        registry: Whose record.
        person: An officer.
        programme: Name of the programme the cap belongs to.
        recipient: Party id.
        quantity: Units, in all.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-party``, ``bad-quantity``.
    """
    require_role(person, Role.OFFICER, to="set caps")
    check_id(programme)
    account = recipient_cap(programme, recipient)
    if quantity < 0:
        raise LockgateError(
            f"{quantity} is no cap", code="bad-quantity", where="quantity", hint="none or more"
        )

    def act(work: Work, request: str) -> Event:
        require_party(work.lock(), recipient)
        earlier = work.item("cap", account)
        change = quantity - (earlier.data["quantity"] if earlier else 0)
        breach = max(0, -change - work.account(account).headroom)
        postings: tuple[Posting, ...] = ()
        posting_key = f"{account}/{work.stream_version(account) + 1}"
        if change > 0:
            postings = grant(posting_key, account, change)
        elif change < 0:
            postings = lower(posting_key, account, -change, OUTSIDE_UNIT)
        data = {
            "account": account,
            "programme": programme,
            "recipient": recipient,
            "quantity": quantity,
            "breach": breach,
        }
        return work.append(
            account, "CapSet", data, actor=person.id, key=key, request=request, postings=postings
        )

    return append_once(registry, key, ["cap", account, quantity], act)[0]


def set_ratio_cap(
    registry: Registry, person: Actor, name: str, *, product: str, tpp: int, share: Fraction
) -> RatioCap:
    """Open a ratio cap: TPP of a product to some places, at most ``share`` of its TPP for domestic end use.

    Raises:
        LockgateError: ``not-allowed``, ``bad-quantity``, ``conflict``.
    """
    require_role(person, Role.OFFICER, to="set caps")
    if tpp <= 0 or share <= 0:
        raise LockgateError("a ratio cap needs a TPP and a share, both more than none", code="bad-quantity")
    cap = RatioCap(":".join(check_id(part) for part in name.split(":")), share, tpp)
    data = {
        "account": cap.account, "name": cap.name, "product": product, "tpp": tpp,
        "numerator": share.numerator, "denominator": share.denominator,
    }  # fmt: skip
    with registry.work() as work:
        if work.lock().item("cap", cap.account):
            raise LockgateError(f"the ratio cap {name} is set already", code="conflict", where="name")
        work.append(cap.account, "CapSet", data, actor=person.id)
    return cap


def find_ratio_cap(work: Work, name: str) -> RatioCap:
    """A ratio cap by name.

    Raises:
        LockgateError: ``unknown-cap``.
    """
    found = work.item("cap", f"{AccountKind.RATIO}:{name}")
    if found is None:
        raise LockgateError(f"no ratio cap {name!r} is set", code="unknown-cap", where="cap")
    data = found.data
    return RatioCap(data["name"], Fraction(data["numerator"], data["denominator"]), data["tpp"])


def record_domestic_shipment(
    registry: Registry, person: Actor, name: str, quantity: int, *, evidence: str, key: str
) -> Event:
    """Units of the product shipped for domestic end use: they raise the ratio cap.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-cap``, ``bad-quantity``, ``key-reused``.
    """
    require_role(person, Role.OFFICER, Role.APPLICANT, to="record domestic shipments")
    _require_units(quantity)

    def act(work: Work, request: str) -> Event:
        cap = find_ratio_cap(work.lock(), name)
        postings = grant(f"{cap.account}/{key}", cap.account, cap.raised_by(quantity), OUTSIDE_TPP)
        data = {"cap": name, "quantity": quantity, "evidence": evidence}
        return work.append(
            cap.account,
            "DomesticShipmentRecorded",
            data,
            actor=person.id,
            key=key,
            request=request,
            postings=postings,
        )

    return append_once(registry, key, ["domestic", name, quantity, evidence], act)[0]


def lower_domestic_shipments(
    registry: Registry, person: Actor, name: str, quantity: int, *, reason: str, key: str
) -> Event:
    """Take units off the domestic total (returned, or found not to be for domestic end use).

    Where that leaves less than what already went to the capped places, the event is a ``RatioCapBreached`` and says by
    how much; nothing more can be drawn until the breach is filled.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-cap``, ``bad-quantity``, ``key-reused``.
    """
    require_role(person, Role.OFFICER, Role.APPLICANT, to="correct domestic shipments")
    _require_units(quantity)

    def act(work: Work, request: str) -> Event:
        cap = find_ratio_cap(work.lock(), name)
        account = work.account(cap.account)
        amount = cap.raised_by(quantity)
        if amount > account.posted_in - _lowered(work, cap.account):
            raise LockgateError(
                f"fewer than {quantity} domestic units are recorded", code="bad-quantity", where="quantity"
            )
        breach = max(0, amount - account.headroom)
        data: dict[str, Any] = {"cap": name, "quantity": quantity, "reason": reason}
        if breach:
            per_unit = cap.tpp * cap.share.denominator
            data |= {"breach": breach, "breach_units": -(-breach // per_unit)}
        return work.append(
            cap.account,
            "RatioCapBreached" if breach else "DomesticShipmentLowered",
            data,
            actor=person.id,
            key=key,
            request=request,
            postings=lower(f"{cap.account}/{key}", cap.account, amount, OUTSIDE_TPP),
        )

    return append_once(registry, key, ["lower", name, quantity, reason], act)[0]


def _lowered(work: Work, account: str) -> int:
    """What was taken off the domestic total so far: what left the account other than by use."""
    return work.account(account).posted_out - work.account(used(account)).balance


def ratio_position(registry: Registry, name: str) -> dict[str, Any]:
    """Where a ratio cap stands: units for domestic end use, units to the capped places, what still fits, the breach.

    Raises:
        LockgateError: ``unknown-cap``.
    """
    with registry.read() as work:
        cap = find_ratio_cap(work, name)
        account = work.account(cap.account)
        drawn = work.account(used(cap.account)).balance
    per_unit = cap.tpp * cap.share.denominator
    granted = account.posted_in - (account.posted_out - drawn)
    return {
        "name": name,
        "share": str(cap.share),
        "tpp_per_unit": cap.tpp,
        "domestic_tpp": granted // cap.share.numerator,
        "capped_tpp": drawn // cap.share.denominator,
        "capped_units": drawn // per_unit,
        "headroom_units": max(0, cap.units(account.headroom)),
        "breach_tpp": account.breach // cap.share.denominator,
        "breach_units": -(-account.breach // per_unit),
    }


def _require_units(quantity: int) -> None:
    if quantity < 1:
        raise LockgateError(
            f"{quantity} units cannot be recorded", code="bad-quantity", where="quantity", hint="one or more"
        )
