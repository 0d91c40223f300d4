"""``lockgate batch``, ``waitlist``, ``ship`` and ``report``: from a granted quantity to the end-use report of each unit."""

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.cli.office import DEFAULT_DB, As, Db, Key, item_row, office, tell, tell_event, tell_rows
from lockgate.cli.session import Json

batch = typer.Typer(no_args_is_help=True, help="Batches of an approval, and the rounds that allocate them.")
waitlist = typer.Typer(no_args_is_help=True, help="Who waits for how many.")
ship = typer.Typer(no_args_is_help=True, help="Deals, caps, lots, tests, export, entry, delivery, return.")
report = typer.Typer(no_args_is_help=True, help="End-use reports, what is overdue, samples, discrepancies.")

Day = Annotated[dt.datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day; else today.")]
ShipmentId = Annotated[str, typer.Argument(metavar="SHIPMENT", help="Its id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(batch, name="batch")
    app.add_typer(waitlist, name="waitlist")
    app.add_typer(ship, name="ship")
    app.add_typer(report, name="report")


def day_of(on: dt.datetime | None, today: dt.date) -> dt.date:
    """The day meant."""
    return on.date() if on else today


# ---------------------------------------------------------------------------------------------------- batches
@batch.command("open")
def open_batch(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="The approval.")],
    batch_id: Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")],
    quantity: Annotated[int, typer.Argument(help="Units.")],
    rule: Annotated[str, typer.Option(help="The published order rule; see `lockgate rules`.")],
    line: Annotated[str, typer.Option(help="Line of the decision, where it has more than one.")] = "",
    programme: Annotated[str, typer.Option(help="Programme whose recipient caps apply.")] = "",
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Release a part of what an approval granted."""
    from lockgate.services.batches import open_batch as release

    with office(db, as_) as (registry, who):
        event = release(
            registry, who, case_id, batch_id, quantity, rule=rule, line=line, programme=programme, key=key
        )
    tell_event(event, as_json)


@batch.command("list")
def list_batches(db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False) -> None:
    """List batches with what they still have."""
    from lockgate.services.batches import list_batches as read

    with office(db, as_) as (registry, who):
        rows = read(registry, who)
    tell_rows(
        rows, as_json, ["id", "case_id", "state", "quantity", "headroom", "held_out", "rule"], "no batches"
    )


@batch.command("preview")
def preview(
    batch_id: Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")],
    rule: Annotated[str, typer.Option(help="Try another order rule.")] = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """The dry run of a batch's next round: who would get how many, and why. Nothing is committed."""
    from lockgate.casework.rounds import result_as_dict
    from lockgate.services.rounds import preview_allocation

    with office(db, as_) as (registry, who):
        _, result = preview_allocation(registry, who, batch_id, rule=rule)
    tell_result(result_as_dict(result), as_json)


def tell_result(result: dict[str, Any], as_json: bool) -> None:
    """Print who gets how many, and why."""
    if as_json:
        tell(result, True, "")
        return
    tell_rows(result["allotments"], False, ["recipient", "requested", "quantity", "reason"])
    typer.echo(
        f"{result['allocated']:,} of {result['supply']:,} allocated under {result['rule']}; {result['remainder_reason']}"
    )


@batch.command("propose")
def propose(
    batch_id: Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")],
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Put the next round of a batch before another person."""
    from lockgate.casework.rounds import result_as_dict
    from lockgate.services.rounds import propose_allocation

    with office(db, as_) as (registry, who):
        round_id, result = propose_allocation(registry, who, batch_id, key=key)
    tell_result({"round_id": round_id, **result_as_dict(result)}, as_json)
    if not as_json:
        typer.echo(f"round {round_id} waits for a countersignature")


@batch.command("commit")
def commit(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="Id of the round.")],
    expires_on: Annotated[
        dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Reservations stand until this day begins.")
    ],
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Countersign a round: every number is reserved, all or none."""
    from lockgate.services.rounds import commit_allocation

    with office(db, as_) as (registry, who):
        event = commit_allocation(
            registry, who, round_id, expires_at=expires_on.replace(tzinfo=dt.UTC), key=key
        )
    tell_event(event, as_json)


@batch.command("replay")
def replay_round(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="Id of the round.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Work a past round again from what the record kept of it; it must come out the same."""
    from lockgate.casework.rounds import result_as_dict
    from lockgate.services.rounds import replay_round as again

    with office(db, as_) as (registry, who):
        tell_result(result_as_dict(again(registry, who, round_id)), as_json)


@batch.command("surrender")
def surrender(
    allotment: Annotated[str, typer.Argument(help="Id of the allotment.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
) -> None:
    """Hand back what is left of an allotment."""
    from lockgate.services.allotments import surrender_allotment

    with office(db, as_) as (registry, who):
        surrender_allotment(registry, who, allotment, reason=reason)
    typer.echo(f"{allotment} is handed back")


# ---------------------------------------------------------------------------------------------------- waiting list
@waitlist.command("add")
def add_request(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="The approval.")],
    recipient: Annotated[str, typer.Argument(help="Party id.")],
    quantity: Annotated[int, typer.Argument(help="Units asked for.")],
    accepted_on: Day = None,
    score: Annotated[str, typer.Option(help="Points under a rule that ranks.")] = "0",
    useful_min: Annotated[int, typer.Option(help="Fewer units are of no use.")] = 0,
    group: Annotated[str, typer.Option(help="Name shared by linked recipients.")] = "",
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Put a recipient on the waiting list."""
    from lockgate.base.errors import LockgateError
    from lockgate.services.batches import request_allocation

    try:
        points = Fraction(score)
    except (ValueError, ZeroDivisionError):
        raise LockgateError(f"{score!r} is no number of points", code="bad-option", where="--score") from None
    with office(db, as_) as (registry, who):
        name = request_allocation(
            registry, who, case_id, recipient, quantity, accepted_on=day_of(accepted_on, registry.today()), score=points,
            useful_min=useful_min, group=group, key=key,
        )  # fmt: skip
    tell({"request": name}, as_json, name)


@waitlist.command("list")
def list_waiting(
    case_id: Annotated[str, typer.Option("--case", help="Only of this approval.")] = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """List who waits, by day of acceptance."""
    from lockgate.services.batches import list_waiting as read

    with office(db, as_) as (registry, who):
        rows = [item_row(item) for item in read(registry, who, case_id)]
    tell_rows(
        rows,
        as_json,
        ["id", "recipient", "accepted_on", "quantity", "open_quantity", "score"],
        "nobody waits",
    )


@waitlist.command("withdraw")
def withdraw(
    request: Annotated[str, typer.Argument(help="Id of the request.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Take a request off the list."""
    from lockgate.services.batches import withdraw_request

    with office(db, as_) as (registry, who):
        tell_event(withdraw_request(registry, who, request), as_json)


# ---------------------------------------------------------------------------------------------------- shipping
@ship.command("deal")
def join_deal(
    deal: Annotated[str, typer.Argument(help="Id of the deal.")],
    export_case: Annotated[str, typer.Option(help="The export licence.")],
    import_case: Annotated[str, typer.Option(help="The import approval.")],
    product: Annotated[str, typer.Option(help="What is traded.")],
    line: Annotated[str, typer.Option(help="Line of the export licence.")] = "",
    ratio_cap: Annotated[str, typer.Option(help="Ratio cap its shipments draw on.")] = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Join an export licence and an import approval."""
    from lockgate.services.shippable import join_deal as join

    with office(db, as_) as (registry, who):
        event = join(
            registry, who, deal, export_case=export_case, import_case=import_case, product=product, line=line,
            ratio_cap=ratio_cap,
        )  # fmt: skip
    tell_event(event, as_json)


@ship.command("position")
def position(
    deal: Annotated[str, typer.Argument(help="Id of the deal.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """What can still ship under a deal, and which side decides it."""
    from lockgate.services.shippable import deal_position

    with office(db, as_) as (registry, who):
        found = deal_position(registry, who, deal)
    lines = [f"{quantity:>12,}  {name}" for name, quantity in found["sides"].items()]
    tell(found, as_json, "\n".join([*lines, f"{found['shippable']:>12,}  shippable"]))


@ship.command("cap")
def set_cap(
    programme: Annotated[str, typer.Argument(help="Name of the programme.")],
    recipient: Annotated[str, typer.Argument(help="Party id.")],
    quantity: Annotated[int, typer.Argument(help="Units over all vendors.")],
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Set a recipient's cap; below what is in use it is a breach that everybody sees."""
    from lockgate.services.caps import set_recipient_cap

    with office(db, as_) as (registry, who):
        tell_event(set_recipient_cap(registry, who, programme, recipient, quantity, key=key), as_json)


@ship.command("ratio-cap")
def set_ratio_cap(
    name: Annotated[str, typer.Argument(help="Such as h200-sxm:cn-mo.")],
    product: Annotated[str, typer.Option(help="The product.")],
    tpp: Annotated[int, typer.Option(help="Its total processing performance.")],
    share: Annotated[str, typer.Option(help="Highest share of the domestic TPP, such as 1/2.")] = "1/2",
    db: Db = DEFAULT_DB,
    as_: As = "",
) -> None:
    """Open a ratio cap by aggregate TPP of one product."""
    from lockgate.base.errors import LockgateError
    from lockgate.services.caps import set_ratio_cap as open_cap

    try:
        part = Fraction(share)
    except (ValueError, ZeroDivisionError):
        raise LockgateError(
            f"{share!r} is no share", code="bad-option", where="--share", hint="such as 1/2"
        ) from None
    with office(db, as_) as (registry, who):
        cap = open_cap(registry, who, name, product=product, tpp=tpp, share=part)
    typer.echo(f"{cap.account}: at most {cap.share} of the TPP for domestic end use")


@ship.command("domestic")
def record_domestic(
    name: Annotated[str, typer.Argument(help="The ratio cap.")],
    quantity: Annotated[int, typer.Argument(help="Units; a negative number takes them off again.")],
    key: Key,
    evidence: Annotated[str, typer.Option(help="What shows it, or why they come off.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Record units shipped for domestic end use: they raise the ratio cap."""
    from lockgate.services.caps import lower_domestic_shipments, ratio_position, record_domestic_shipment

    with office(db, as_) as (registry, who):
        if quantity < 0:
            event = lower_domestic_shipments(registry, who, name, -quantity, reason=evidence, key=key)
        else:
            event = record_domestic_shipment(registry, who, name, quantity, evidence=evidence, key=key)
        found = ratio_position(registry, name)
    if as_json:
        tell({"event": event.type, **found}, True, "")
    else:
        tell_event(event, False)
        typer.echo(f"head-room {found['headroom_units']:,} units; breach {found['breach_units']:,} units")


@ship.command("lot")
def add_lot(
    lot: Annotated[str, typer.Argument(help="Id of the lot.")],
    product: Annotated[str, typer.Argument(help="What the units are.")],
    file: Annotated[Path, typer.Argument(help="CSV with a column of serial numbers.")],
    column: Annotated[str, typer.Option(help="Heading of that column.")] = "serial",
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Enter a lot with its serial numbers: all rows, or none and every problem."""
    from lockgate.services.documents import read_text
    from lockgate.services.lots import read_serials, register_lot

    serials = read_serials(read_text(file), column=column)
    with office(db, as_) as (registry, who):
        event = register_lot(registry, who, lot, product, serials, key=key)
    tell_event(event, as_json)


@ship.command("test")
def record_test(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="The licence it ships under.")],
    lot: Annotated[str, typer.Argument(help="The lot.")],
    sample: Annotated[list[str], typer.Option(help="Serial number tested; may be given often.")],
    certificate: Annotated[str, typer.Option(help="Number or SHA-256 of the certificate.")],
    failed: Annotated[bool, typer.Option("--failed", help="The lot failed.")] = False,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Record a laboratory's answer about a lot."""
    from lockgate.services.lots import record_test as record

    with office(db, as_) as (registry, who):
        event = record(
            registry,
            who,
            lot,
            case_id=case_id,
            passed=not failed,
            sample=sample,
            certificate=certificate,
            key=key,
        )
    tell_event(event, as_json)


@ship.command("export")
def record_export(
    shipment: ShipmentId,
    deal: Annotated[str, typer.Option(help="The deal.")],
    allotment: Annotated[str, typer.Option(help="The recipient's allotment.")],
    lot: Annotated[list[str], typer.Option(help="A lot that ships whole; may be given often.")],
    evidence: Annotated[str, typer.Option(help="Such as the number of the export filing.")],
    on: Day = None,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Record that goods left."""
    from lockgate.services.shipments import record_export as record

    with office(db, as_) as (registry, who):
        event = record(
            registry, who, shipment, deal=deal, allotment=allotment, lots=lot, exported_on=day_of(on, registry.today()),
            evidence=evidence, key=key,
        )  # fmt: skip
    tell_event(event, as_json)


@ship.command("entry")
def record_entry(
    shipment: ShipmentId,
    quantity: Annotated[int, typer.Argument(help="Units customs let in.")],
    customs_number: Annotated[str, typer.Option(help="Number of the declaration.")],
    on: Day = None,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Record that customs let goods in."""
    from lockgate.services.shipments import record_entry as record

    with office(db, as_) as (registry, who):
        event = record(
            registry, who, shipment, entered_on=day_of(on, registry.today()), customs_number=customs_number,
            quantity=quantity, key=key,
        )  # fmt: skip
    tell_event(event, as_json)


@ship.command("delivery")
def record_delivery(
    shipment: ShipmentId,
    quantity: Annotated[int, typer.Argument(help="Units delivered.")],
    evidence: Annotated[str, typer.Option(help="What shows it.")],
    report_days: Annotated[int, typer.Option(help="Days until the end-use report is due.")] = 30,
    on: Day = None,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Record that goods arrived."""
    from lockgate.services.shipments import record_delivery as record

    with office(db, as_) as (registry, who):
        event = record(
            registry, who, shipment, delivered_on=day_of(on, registry.today()), quantity=quantity, evidence=evidence,
            report_days=report_days, key=key,
        )  # fmt: skip
    tell_event(event, as_json)


@ship.command("return")
def record_return(
    shipment: ShipmentId,
    quantity: Annotated[int, typer.Argument(help="Units that came back.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Record that goods on the way came back: what they used can be drawn on again."""
    from lockgate.services.shipments import record_return as record

    with office(db, as_) as (registry, who):
        tell_event(record(registry, who, shipment, quantity=quantity, reason=reason, key=key), as_json)


@ship.command("list")
def list_shipments(db: Db = DEFAULT_DB, as_: As = "", as_json: Json = False) -> None:
    """List shipments."""
    from lockgate.services.shipments import list_shipments as read

    with office(db, as_) as (registry, who):
        rows = [item_row(item) for item in read(registry, who)]
    columns = [
        "id",
        "state",
        "recipient",
        "quantity",
        "exported_on",
        "delivered_quantity",
        "reported_quantity",
    ]
    tell_rows(rows, as_json, columns, "no shipments")


# ---------------------------------------------------------------------------------------------------- reports
@report.command("file")
def file_report(
    shipment: ShipmentId,
    file: Annotated[Path, typer.Argument(help="CSV with serial, status, site, end_use.")],
    on: Day = None,
    key: Key = "",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """File an end-use report by serial number: all rows, or none and every problem."""
    from lockgate.services.documents import read_text
    from lockgate.services.end_use import report_end_use
    from lockgate.services.lots import read_table

    rows = [row for _, row in read_table(read_text(file))[1]]
    with office(db, as_) as (registry, who):
        event = report_end_use(
            registry, who, shipment, rows, reported_on=day_of(on, registry.today()), key=key
        )
    tell_event(event, as_json)


@report.command("overdue")
def overdue(
    mark: Annotated[bool, typer.Option("--mark", help="Also record that they are overdue.")] = False,
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """List reports that are due and not there."""
    from lockgate.services.end_use import list_overdue, mark_overdue

    with office(db, as_) as (registry, who):
        if mark:
            mark_overdue(registry, who)
        rows = [item_row(item) for item in list_overdue(registry, who)]
    tell_rows(
        rows, as_json, ["id", "case_id", "subject", "due_on", "state", "quantity"], "nothing is overdue"
    )


@report.command("sample")
def sample(
    shipment: ShipmentId,
    size: Annotated[int, typer.Argument(help="Units to draw.")],
    purpose: Annotated[str, typer.Option(help="What for; it is part of the seed.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Draw units for a visit so that anybody can repeat the draw."""
    from lockgate.services.end_use import draw_sample

    with office(db, as_) as (registry, who):
        found = draw_sample(registry, who, shipment, size, purpose=purpose)
    tell(found, as_json, "\n".join([*found["serials"], f"seed {found['seed']}"]))


@report.command("tasks")
def list_tasks(
    state: Annotated[str, typer.Option(help="open or resolved.")] = "open",
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """List discrepancies."""
    from lockgate.services.end_use import list_tasks as read

    with office(db, as_) as (registry, who):
        rows = [{**item_row(item), "id": item.id} for item in read(registry, who, state=state)]
    tell_rows(rows, as_json, ["id", "state", "subject", "facts", "diversion"], "none")


@report.command("resolve")
def resolve(
    task: Annotated[str, typer.Argument(help="Id of the discrepancy.")],
    resolution: Annotated[str, typer.Option(help="What came of it.")],
    db: Db = DEFAULT_DB,
    as_: As = "",
    as_json: Json = False,
) -> None:
    """Close a discrepancy with what came of it."""
    from lockgate.services.end_use import resolve_task

    with office(db, as_) as (registry, who):
        tell_event(resolve_task(registry, who, task, resolution=resolution), as_json)
