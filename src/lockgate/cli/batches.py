"""``lockgate batch`` and ``waitlist``: batches of an approval, who waits for them, and the rounds that allocate them."""

import datetime as dt
from fractions import Fraction
from typing import Annotated, Any

import typer

from lockgate.cli.office import Day, Desk, Key, at_desk, day_of, item_row, print_table
from lockgate.cli.session import print_json

batch = typer.Typer(no_args_is_help=True, help="Batches of an approval, and the rounds that allocate them.")
waitlist = typer.Typer(no_args_is_help=True, help="Who waits for how many.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(batch, name="batch")
    app.add_typer(waitlist, name="waitlist")


@at_desk(batch, "open")
def open_batch(
    desk: Desk,
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="The approval.")],
    batch_id: Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")],
    quantity: Annotated[int, typer.Argument(help="Units.")],
    rule: Annotated[str, typer.Option(help="The published order rule; see `lockgate rules`.")],
    line: Annotated[str, typer.Option(help="Line of the decision, where it has more than one.")] = "",
    programme: Annotated[str, typer.Option(help="Programme whose recipient caps apply.")] = "",
    key: Key = "",
) -> None:
    """Release a part of what an approval granted."""
    from lockgate.services.batches import open_batch as release

    event = release(
        desk.registry,
        desk.who,
        case_id,
        batch_id,
        quantity,
        rule=rule,
        line=line,
        programme=programme,
        key=key,
    )
    desk.tell_event(event)


@at_desk(batch, "list")
def list_batches(desk: Desk) -> None:
    """List batches with what they still have."""
    from lockgate.services.batches import list_batches as read

    rows = read(desk.registry, desk.who)
    desk.tell_rows(rows, ["id", "case_id", "state", "quantity", "headroom", "held_out", "rule"], "no batches")


@at_desk(batch, "preview")
def preview(
    desk: Desk,
    batch_id: Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")],
    rule: Annotated[str, typer.Option(help="Try another order rule.")] = "",
) -> None:
    """The dry run of a batch's next round: who would get how many, and why. Nothing is committed."""
    from lockgate.casework.rounds import result_as_dict
    from lockgate.services.rounds import preview_allocation

    _, result = preview_allocation(desk.registry, desk.who, batch_id, rule=rule)
    tell_result(desk, result_as_dict(result))


def tell_result(desk: Desk, result: dict[str, Any]) -> None:
    """Print who gets how many, and why."""
    if desk.as_json:
        print_json(result)
        return
    print_table(result["allotments"], ["recipient", "requested", "quantity", "reason"])
    typer.echo(
        f"{result['allocated']:,} of {result['supply']:,} allocated under {result['rule']}; {result['remainder_reason']}"
    )


@at_desk(batch, "propose")
def propose(
    desk: Desk,
    batch_id: Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")],
    key: Key = "",
) -> None:
    """Put the next round of a batch before another person."""
    from lockgate.casework.rounds import result_as_dict
    from lockgate.services.rounds import propose_allocation

    round_id, result = propose_allocation(desk.registry, desk.who, batch_id, key=key)
    tell_result(desk, {"round_id": round_id, **result_as_dict(result)})
    if not desk.as_json:
        typer.echo(f"round {round_id} waits for a countersignature")


@at_desk(batch, "commit")
def commit(
    desk: Desk,
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="Id of the round.")],
    expires_on: Annotated[
        dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Reservations stand until this day begins.")
    ],
    key: Key = "",
) -> None:
    """Countersign a round: every number is reserved, all or none."""
    from lockgate.services.rounds import commit_allocation

    event = commit_allocation(
        desk.registry, desk.who, round_id, expires_at=expires_on.replace(tzinfo=dt.UTC), key=key
    )
    desk.tell_event(event)


@at_desk(batch, "replay")
def replay_round(
    desk: Desk,
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="Id of the round.")],
) -> None:
    """Work a past round again from what the record kept of it; it must come out the same."""
    from lockgate.casework.rounds import result_as_dict
    from lockgate.services.rounds import replay_round as again

    tell_result(desk, result_as_dict(again(desk.registry, desk.who, round_id)))


@at_desk(batch, "surrender")
def surrender(
    desk: Desk,
    allotment: Annotated[str, typer.Argument(help="Id of the allotment.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Hand back what is left of an allotment."""
    from lockgate.services.allotments import surrender_allotment

    surrender_allotment(desk.registry, desk.who, allotment, reason=reason)
    desk.tell({"allotment": allotment, "state": "surrendered"}, f"{allotment} is handed back")


@at_desk(waitlist, "add")
def add_request(
    desk: Desk,
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="The approval.")],
    recipient: Annotated[str, typer.Argument(help="Party id.")],
    quantity: Annotated[int, typer.Argument(help="Units asked for.")],
    accepted_on: Day = None,
    score: Annotated[str, typer.Option(help="Points under a rule that ranks.")] = "0",
    useful_min: Annotated[int, typer.Option(help="Fewer units are of no use.")] = 0,
    group: Annotated[str, typer.Option(help="Name shared by linked recipients.")] = "",
    key: Key = "",
) -> None:
    """Put a recipient on the waiting list."""
    from lockgate.base.errors import LockgateError
    from lockgate.services.batches import request_allocation

    try:
        points = Fraction(score)
    except (ValueError, ZeroDivisionError):
        raise LockgateError(f"{score!r} is no number of points", code="bad-option", where="--score") from None
    name = request_allocation(
        desk.registry, desk.who, case_id, recipient, quantity, accepted_on=day_of(accepted_on, desk.registry.today()), score=points,
        useful_min=useful_min, group=group, key=key,
    )  # fmt: skip
    desk.tell({"request": name}, name)


@at_desk(waitlist, "list")
def list_waiting(
    desk: Desk,
    case_id: Annotated[str, typer.Option("--case", help="Only of this approval.")] = "",
) -> None:
    """List who waits, by day of acceptance."""
    from lockgate.services.batches import list_waiting as read

    rows = [item_row(item) for item in read(desk.registry, desk.who, case_id)]
    desk.tell_rows(
        rows, ["id", "recipient", "accepted_on", "quantity", "open_quantity", "score"], "nobody waits"
    )


@at_desk(waitlist, "withdraw")
def withdraw(
    desk: Desk,
    request: Annotated[str, typer.Argument(help="Id of the request.")],
) -> None:
    """Take a request off the list."""
    from lockgate.services.batches import withdraw_request

    desk.tell_event(withdraw_request(desk.registry, desk.who, request))
