"""Where goods go and where parties sit: scopes of provisions against a transaction."""

from lockgate.base.three_valued import Truth, all_of, any_of
from lockgate.catalogue.law import LawOnDate, Scope, Version
from lockgate.controls.transaction import Movement, Transaction

HOME = "US"


def reaches(law: LawOnDate, scope: Scope | None, place: str | None) -> Truth:
    """Whether ``scope`` holds ``place``; no scope holds nothing, and a place that is not known may be anywhere."""
    if scope is None:
        return False
    if place is None:
        return True if scope.worldwide and not scope.except_places and not scope.except_groups else None
    return scope.holds(place, law.groups(place))


def reaches_party(law: LawOnDate, scope: Scope | None, transaction: Transaction) -> Truth:
    """Whether the end user has its headquarters, or its ultimate parent's, in ``scope``."""
    if scope is None:
        return False
    return any_of(
        reaches(law, scope, transaction.end_user_hq), reaches(law, scope, transaction.ultimate_parent)
    )


def reaches_route(law: LawOnDate, version: Version, transaction: Transaction) -> Truth:
    """Whether a version reaches the destination, or a party wherever the goods go."""
    return any_of(
        reaches(law, version.scope, transaction.to_place),
        reaches_party(law, version.party_scope, transaction),
    )


def leaves_home(transaction: Transaction) -> Truth:
    """Whether goods move to somewhere outside the United States.

    Remote access moves nothing. A transaction that does not say how it moves is taken to move something.
    """
    if transaction.kind is Movement.REMOTE_ACCESS:
        return False
    return None if transaction.to_place is None else transaction.to_place != HOME


def moves_as(transaction: Transaction, kinds: str) -> Truth:
    """Whether it moves in one of ``kinds`` (words as in the column ``kind``); all kinds where none is named.

    Where ``kind`` is not given, the route tells: out of the United States is an export, within one place a transfer, from
    anywhere else a reexport.
    """
    kind = movement(transaction)
    if not kinds:
        return True
    return None if kind is None else str(kind) in kinds.split()


def movement(transaction: Transaction) -> Movement | None:
    """How it moves, as given or as the route tells; None where neither says."""
    from_place, to_place = transaction.from_place, transaction.to_place
    if transaction.kind is not None or from_place is None:
        return transaction.kind
    if from_place == HOME:
        return Movement.EXPORT
    if to_place is None:
        return None
    return Movement.IN_COUNTRY_TRANSFER if from_place == to_place else Movement.REEXPORT


def starts_from(transaction: Transaction, place: str) -> Truth:
    """Whether it leaves from ``place``; an export that names no place leaves from the United States."""
    if transaction.from_place is not None:
        return transaction.from_place == place
    return place == HOME if transaction.kind is Movement.EXPORT else None


def missing_places(transaction: Transaction, version: Version) -> tuple[str, ...]:
    """Columns whose values would tell whether a version reaches this route."""
    names = []
    if transaction.to_place is None:
        names.append("to")
    if version.party_scope is not None:
        names += [
            name for name in ("end_user_hq", "ultimate_parent") if getattr(transaction, name) is None
        ]  # fmt: skip
    return tuple(names)


def qualifies(law: LawOnDate, version: Version, transaction: Transaction) -> Truth:
    """Whether how and where it moves fits a version that names kinds of movement and a place of departure."""
    from_place = str(version.values.get("from_place", ""))
    return all_of(
        moves_as(transaction, str(version.values.get("kinds", ""))),
        starts_from(transaction, from_place) if from_place else True,
        reaches_route(law, version, transaction),
    )
