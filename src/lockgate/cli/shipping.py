"""``lockgate ship`` and ``report``: caps, lots, tests, shipments, and the end-use report of each unit."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.office import Day, Desk, Key, at_desk, day_of, item_row
from lockgate.cli.session import print_json

ship = typer.Typer(no_args_is_help=True, help="Deals, caps, lots, tests, export, entry, delivery, return.")
report = typer.Typer(no_args_is_help=True, help="End-use reports, what is overdue, samples, discrepancies.")

ShipmentId = Annotated[str, typer.Argument(metavar="SHIPMENT", help="Its id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(ship, name="ship")
    app.add_typer(report, name="report")


@at_desk(ship, "deal")
def join_deal(
    desk: Desk,
    deal: Annotated[str, typer.Argument(help="Id of the deal.")],
    export_case: Annotated[str, typer.Option(help="The export licence.")],
    import_case: Annotated[str, typer.Option(help="The import approval.")],
    product: Annotated[str, typer.Option(help="What is traded.")],
    line: Annotated[str, typer.Option(help="Line of the export licence.")] = "",
    ratio_cap: Annotated[str, typer.Option(help="Ratio cap its shipments draw on.")] = "",
) -> None:
    """Join an export licence and an import approval."""
    from lockgate.services.shippable import join_deal as join

    event = join(
        desk.registry, desk.who, deal, export_case=export_case, import_case=import_case, product=product, line=line,
        ratio_cap=ratio_cap,
    )  # fmt: skip
    desk.tell_event(event)


@at_desk(ship, "position")
def position(
    desk: Desk,
    deal: Annotated[str, typer.Argument(help="Id of the deal.")],
) -> None:
    """What can still ship under a deal, and which side decides it."""
    from lockgate.services.shippable import deal_position

    found = deal_position(desk.registry, desk.who, deal)
    lines = [f"{quantity:>12,}  {name}" for name, quantity in found["sides"].items()]
    desk.tell(found, "\n".join([*lines, f"{found['shippable']:>12,}  shippable"]))


@at_desk(ship, "cap")
def set_cap(
    desk: Desk,
    programme: Annotated[str, typer.Argument(help="Name of the programme.")],
    recipient: Annotated[str, typer.Argument(help="Party id.")],
    quantity: Annotated[int, typer.Argument(help="Units over all vendors.")],
    key: Key = "",
) -> None:
    """Set a recipient's cap; below what is in use it is a breach that everybody sees."""
    from lockgate.services.caps import set_recipient_cap

    desk.tell_event(set_recipient_cap(desk.registry, desk.who, programme, recipient, quantity, key=key))


@at_desk(ship, "ratio-cap")
def set_ratio_cap(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="Such as h200-sxm:cn-mo.")],
    product: Annotated[str, typer.Option(help="The product.")],
    tpp: Annotated[int, typer.Option(help="Its total processing performance.")],
    share: Annotated[str, typer.Option(help="Highest share of the domestic TPP, such as 1/2.")] = "1/2",
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
    cap = open_cap(desk.registry, desk.who, name, product=product, tpp=tpp, share=part)
    typer.echo(f"{cap.account}: at most {cap.share} of the TPP for domestic end use")


@at_desk(ship, "domestic")
def record_domestic(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="The ratio cap.")],
    quantity: Annotated[int, typer.Argument(help="Units; a negative number takes them off again.")],
    key: Key,
    evidence: Annotated[str, typer.Option(help="What shows it, or why they come off.")],
) -> None:
    """Record units shipped for domestic end use: they raise the ratio cap."""
    from lockgate.services.caps import lower_domestic_shipments, ratio_position, record_domestic_shipment

    if quantity < 0:
        event = lower_domestic_shipments(desk.registry, desk.who, name, -quantity, reason=evidence, key=key)
    else:
        event = record_domestic_shipment(desk.registry, desk.who, name, quantity, evidence=evidence, key=key)
    found = ratio_position(desk.registry, name)
    if desk.as_json:
        print_json({"event": event.type, **found})
    else:
        desk.tell_event(event)
        typer.echo(f"head-room {found['headroom_units']:,} units; breach {found['breach_units']:,} units")


@at_desk(ship, "lot")
def add_lot(
    desk: Desk,
    lot: Annotated[str, typer.Argument(help="Id of the lot.")],
    product: Annotated[str, typer.Argument(help="What the units are.")],
    file: Annotated[Path, typer.Argument(help="CSV with a column of serial numbers.")],
    column: Annotated[str, typer.Option(help="Heading of that column.")] = "serial",
    key: Key = "",
) -> None:
    """Enter a lot with its serial numbers: all rows, or none and every problem."""
    from lockgate.services.documents import read_text
    from lockgate.services.lots import read_serials, register_lot

    serials = read_serials(read_text(file), column=column)
    event = register_lot(desk.registry, desk.who, lot, product, serials, key=key)
    desk.tell_event(event)


@at_desk(ship, "test")
def record_test(
    desk: Desk,
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="The licence it ships under.")],
    lot: Annotated[str, typer.Argument(help="The lot.")],
    sample: Annotated[list[str], typer.Option(help="Serial number tested; may be given often.")],
    certificate: Annotated[str, typer.Option(help="Number or SHA-256 of the certificate.")],
    failed: Annotated[bool, typer.Option("--failed", help="The lot failed.")] = False,
    key: Key = "",
) -> None:
    """Record a laboratory's answer about a lot."""
    from lockgate.services.lots import record_test as record

    event = record(
        desk.registry,
        desk.who,
        lot,
        case_id=case_id,
        passed=not failed,
        sample=sample,
        certificate=certificate,
        key=key,
    )
    desk.tell_event(event)


@at_desk(ship, "export")
def record_export(
    desk: Desk,
    shipment: ShipmentId,
    deal: Annotated[str, typer.Option(help="The deal.")],
    allotment: Annotated[str, typer.Option(help="The recipient's allotment.")],
    lot: Annotated[list[str], typer.Option(help="A lot that ships whole; may be given often.")],
    evidence: Annotated[str, typer.Option(help="Such as the number of the export filing.")],
    on: Day = None,
    key: Key = "",
) -> None:
    """Record that goods left."""
    from lockgate.services.shipments import record_export as record

    event = record(
        desk.registry, desk.who, shipment, deal=deal, allotment=allotment, lots=lot, exported_on=day_of(on, desk.registry.today()),
        evidence=evidence, key=key,
    )  # fmt: skip
    desk.tell_event(event)


@at_desk(ship, "entry")
def record_entry(
    desk: Desk,
    shipment: ShipmentId,
    quantity: Annotated[int, typer.Argument(help="Units customs let in.")],
    customs_number: Annotated[str, typer.Option(help="Number of the declaration.")],
    on: Day = None,
    key: Key = "",
) -> None:
    """Record that customs let goods in."""
    from lockgate.services.shipments import record_entry as record

    event = record(
        desk.registry, desk.who, shipment, entered_on=day_of(on, desk.registry.today()), customs_number=customs_number,
        quantity=quantity, key=key,
    )  # fmt: skip
    desk.tell_event(event)


@at_desk(ship, "delivery")
def record_delivery(
    desk: Desk,
    shipment: ShipmentId,
    quantity: Annotated[int, typer.Argument(help="Units delivered.")],
    evidence: Annotated[str, typer.Option(help="What shows it.")],
    report_days: Annotated[int, typer.Option(help="Days until the end-use report is due.")] = 30,
    on: Day = None,
    key: Key = "",
) -> None:
    """Record that goods arrived."""
    from lockgate.services.shipments import record_delivery as record

    event = record(
        desk.registry, desk.who, shipment, delivered_on=day_of(on, desk.registry.today()), quantity=quantity, evidence=evidence,
        report_days=report_days, key=key,
    )  # fmt: skip
    desk.tell_event(event)


@at_desk(ship, "return")
def record_return(
    desk: Desk,
    shipment: ShipmentId,
    quantity: Annotated[int, typer.Argument(help="Units that came back.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    key: Key = "",
) -> None:
    """Record that goods on the way came back: what they used can be drawn on again."""
    from lockgate.services.shipments import record_return as record

    desk.tell_event(record(desk.registry, desk.who, shipment, quantity=quantity, reason=reason, key=key))


@at_desk(ship, "list")
def list_shipments(desk: Desk) -> None:
    """List shipments."""
    from lockgate.services.shipments import list_shipments as read

    rows = [item_row(item) for item in read(desk.registry, desk.who)]
    columns = [
        "id",
        "state",
        "recipient",
        "quantity",
        "exported_on",
        "delivered_quantity",
        "reported_quantity",
    ]
    desk.tell_rows(rows, columns, "no shipments")


@at_desk(report, "file")
def file_report(
    desk: Desk,
    shipment: ShipmentId,
    file: Annotated[Path, typer.Argument(help="CSV with serial, status, site, end_use.")],
    on: Day = None,
    key: Key = "",
) -> None:
    """File an end-use report by serial number: all rows, or none and every problem."""
    from lockgate.services.documents import read_text
    from lockgate.services.end_use import report_end_use
    from lockgate.services.lots import read_table

    rows = [row for _, row in read_table(read_text(file))[1]]
    event = report_end_use(
        desk.registry, desk.who, shipment, rows, reported_on=day_of(on, desk.registry.today()), key=key
    )
    desk.tell_event(event)


@at_desk(report, "overdue")
def overdue(
    desk: Desk,
    mark: Annotated[bool, typer.Option("--mark", help="Also record that they are overdue.")] = False,
) -> None:
    """List reports that are due and not there."""
    from lockgate.services.end_use import list_overdue, mark_overdue

    if mark:
        mark_overdue(desk.registry, desk.who)
    rows = [item_row(item) for item in list_overdue(desk.registry, desk.who)]
    desk.tell_rows(rows, ["id", "case_id", "subject", "due_on", "state", "quantity"], "nothing is overdue")


@at_desk(report, "sample")
def sample(
    desk: Desk,
    shipment: ShipmentId,
    size: Annotated[int, typer.Argument(help="Units to draw.")],
    purpose: Annotated[str, typer.Option(help="What for; it is part of the seed.")],
) -> None:
    """Draw units for a visit so that anybody can repeat the draw."""
    from lockgate.services.end_use import draw_sample

    found = draw_sample(desk.registry, desk.who, shipment, size, purpose=purpose)
    desk.tell(found, "\n".join([*found["serials"], f"seed {found['seed']}"]))


@at_desk(report, "tasks")
def list_tasks(
    desk: Desk,
    state: Annotated[str, typer.Option(help="open or resolved.")] = "open",
) -> None:
    """List discrepancies."""
    from lockgate.services.end_use import list_tasks as read

    rows = [{**item_row(item), "id": item.id} for item in read(desk.registry, desk.who, state=state)]
    desk.tell_rows(rows, ["id", "state", "subject", "facts", "diversion"], "none")


@at_desk(report, "resolve")
def resolve(
    desk: Desk,
    task: Annotated[str, typer.Argument(help="Id of the discrepancy.")],
    resolution: Annotated[str, typer.Option(help="What came of it.")],
) -> None:
    """Close a discrepancy with what came of it."""
    from lockgate.services.end_use import resolve_task

    desk.tell_event(resolve_task(desk.registry, desk.who, task, resolution=resolution))
