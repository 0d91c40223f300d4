"""``lockgate init``, ``verify``, ``audit``, ``ledger``, ``person`` and ``party``: the record and what it counts."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.cli.office import DEFAULT_DB, Db, Desk, Key, at_desk, office, print_table
from lockgate.cli.session import Json, print_json

audit = typer.Typer(no_args_is_help=True, help="Checkpoints, proofs, the log, the signing key.")
ledger = typer.Typer(no_args_is_help=True, help="Accounts, postings and reservations.")
person = typer.Typer(no_args_is_help=True, help="Who may act.")
party = typer.Typer(no_args_is_help=True, help="Whom cases are about; names can be withheld.")

EXIT_BROKEN = 1


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("verify")(verify)
    app.add_typer(audit, name="audit")
    app.add_typer(ledger, name="ledger")
    app.add_typer(person, name="person")
    app.add_typer(party, name="party")


def init(
    db: Db = DEFAULT_DB,
    name: Annotated[str, typer.Option(help="What the record is about.")] = "",
    administrator: Annotated[str, typer.Option(help="Id of the first administrator.")] = "admin",
    as_json: Json = False,
) -> None:
    """Make a record, or bring an existing one to the newest schema."""
    from lockgate.services.people import FOUNDER, enrol_person, list_people
    from lockgate.services.registry import init_record

    registry, fresh = init_record(db, name=name)
    with registry:
        if not list_people(registry):
            enrol_person(registry, FOUNDER, administrator, ["administrator"])
        found = {
            "new": fresh,
            "origin": registry.origin,
            "public_key": registry.public_key,
            "key_file": str(registry.key_file),
        }
        if as_json:
            print_json(found)
            return
        typer.echo(
            f"{'made' if fresh else 'kept'} the record {found['origin']}\n"
            f"  public key {found['public_key']}\n"
            f"  signing key in {found['key_file']}: keep a copy apart from the database, and let nobody else read it"
        )


def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An exported case file, proved without a database.")
    ] = None,
    db: Annotated[str, typer.Option("--db", metavar="URL", help="A whole record.")] = "",
    public_key: Annotated[
        str, typer.Option(help="The record's first public key, as you know it from elsewhere.")
    ] = "",
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint kept elsewhere; may be given often.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove a record, or an exported case file. Exit status 1 where something does not hold, with its event's number."""
    from lockgate.base.errors import LockgateError

    notes = []
    for path in checkpoint or ():
        try:
            notes.append(path.read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise LockgateError(f"{path} cannot be read", code="no-such-file", where=str(path)) from error
    if (file is None) == (not db):
        raise LockgateError(
            "name a case file or a record", code="bad-option", hint="lockgate verify FILE, or --db URL"
        )
    if file:
        from lockgate.services.case_export import verify_export

        found = verify_export(file, public_key=public_key, notes=notes)
    else:
        from lockgate.services.audit import verify_record
        from lockgate.services.registry import open_record

        with open_record(db) as registry:
            found = verify_record(registry, public_key=public_key, notes=notes)
    tell_verification(found, as_json)
    if not found.holds:
        raise typer.Exit(EXIT_BROKEN)


def tell_verification(found: Any, as_json: bool) -> None:
    """Say what a check found."""
    if as_json:
        print_json(
            {
                "holds": found.holds,
                "size": found.size,
                "root": found.root,
                "checkpoints": found.checkpoints,
                "postings": found.postings,
                "first_fault": found.faults[0].seq if found.faults else None,
                "faults": [{"seq": fault.seq, "reason": fault.reason} for fault in found.faults],
                "warnings": list(found.warnings),
            }
        )
        return
    for warning in found.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if found.holds:
        typer.echo(
            f"holds: {found.size} events, {found.postings} postings, {found.checkpoints} checkpoints; root {found.root}"
        )
    for fault in found.faults:
        typer.echo(f"event {fault.seq} does not hold: {fault.reason}")


# ---------------------------------------------------------------------------------------------------- audit
@audit.command("checkpoint")
def make_checkpoint(
    db: Db = DEFAULT_DB,
    out: Annotated[Path | None, typer.Option(help="Also write it to this file: keep it elsewhere.")] = None,
) -> None:
    """Sign how long the record is and its root."""
    from lockgate.services.audit import make_checkpoint as sign

    with office(db) as (registry, _):
        note = sign(registry)
    if out:
        out.write_text(note)
    typer.echo(note, nl=False)


@audit.command("proof")
def prove(
    seq: Annotated[int, typer.Argument(help="Number of the event.")],
    size: Annotated[
        int | None, typer.Option(help="In the record as it was at this many events; else now.")
    ] = None,
    db: Db = DEFAULT_DB,
) -> None:
    """Prove that an event is in the record (RFC 6962), as JSON."""
    from lockgate.services.audit import prove_event

    with office(db) as (registry, _):
        print_json(prove_event(registry, seq, size))


@audit.command("growth")
def prove_growth(
    old_size: Annotated[int, typer.Argument(help="Events the record had then.")],
    size: Annotated[int | None, typer.Option(help="Events it had later; else now.")] = None,
    db: Db = DEFAULT_DB,
) -> None:
    """Prove that the record only grew (RFC 6962), as JSON."""
    from lockgate.services.audit import prove_growth as grow

    with office(db) as (registry, _):
        print_json(grow(registry, old_size, size))


@at_desk(audit, "log")
def show_log(
    desk: Desk,
    stream: Annotated[str, typer.Option(help="Only this stream, such as case:cn-1.")] = "",
    type_: Annotated[str, typer.Option("--type", help="Only events of this name.")] = "",
    after: Annotated[int, typer.Option(help="Only events after this number.")] = 0,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 100,
) -> None:
    """List events; secrets stand in them as commitments."""
    from lockgate.services.audit import list_events

    rows = list_events(desk.registry, desk.who, stream=stream, type=type_, after=after, limit=limit)
    desk.tell_rows(rows, ["seq", "at", "actor", "stream", "type"])


@at_desk(audit, "rotate-key")
def rotate_key(desk: Desk) -> None:
    """Sign from now on with a new key; the old one signs the event that says so."""
    from lockgate.services.audit import rotate_key as rotate

    key = rotate(desk.registry, desk.who)
    file = desk.registry.key_file
    desk.tell({"public_key": key, "key_file": str(file)}, f"public key {key}; signing key in {file}")


# ---------------------------------------------------------------------------------------------------- ledger
@at_desk(ledger, "accounts")
def list_accounts(
    desk: Desk,
    prefix: Annotated[str, typer.Argument(help="Only accounts whose id begins so, such as batch:")] = "",
) -> None:
    """List accounts with balance, what is held, head-room and breach."""
    from lockgate.services.ledger import read_accounts

    rows = read_accounts(desk.registry, desk.who, prefix)
    desk.tell_rows(rows, ["id", "unit", "balance", "held_out", "headroom", "breach"], "no accounts")


@at_desk(ledger, "show")
def show_account(
    desk: Desk,
    account: Annotated[str, typer.Argument(help="Such as licence:us-1:1.")],
) -> None:
    """Show the postings and reservations of an account."""
    from lockgate.services.ledger import read_account

    found = read_account(desk.registry, desk.who, account)
    if desk.as_json:
        print_json(found)
        return
    print_table([found["account"]], ["id", "unit", "balance", "held_out", "headroom", "breach"])
    print_table(found["holds"], ["key", "to_account", "amount", "remaining", "expires_at"], "no reservations")
    print_table(found["postings"], ["event_seq", "at", "kind", "from_account", "to_account", "amount", "key"])


@at_desk(ledger, "post")
def post(
    desk: Desk,
    from_account: Annotated[str, typer.Argument(help="Account it takes from.")],
    to_account: Annotated[str, typer.Argument(help="Account it gives to.")],
    amount: Annotated[int, typer.Argument(help="Whole units.")],
    key: Key,
    kind: Annotated[str, typer.Option(help="move, reserve, settle, release or lower.")] = "move",
    hold: Annotated[str, typer.Option(help="For settle and release: key of the reservation.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Make one posting by hand, as an administrator; corrections are postings too."""
    from lockgate.base.errors import LockgateError
    from lockgate.casework.ledger import Posting, PostingKind
    from lockgate.services.ledger import post as make

    if kind not in set(PostingKind):
        raise LockgateError(f"{kind!r} is no kind of posting", code="bad-option", hint=", ".join(PostingKind))
    posting = Posting(key, PostingKind(kind), from_account, to_account, amount, hold)
    event, repeated = make(desk.registry, desk.who, [posting], key=key, note=note)
    if repeated and not desk.as_json:
        typer.echo("done before, nothing posted twice")
    desk.tell_event(event)


@at_desk(ledger, "lapse")
def lapse(desk: Desk) -> None:
    """Release what expired reservations hold, allotments and others."""
    from lockgate.services.allotments import lapse_allotments
    from lockgate.services.ledger import release_expired

    ended = lapse_allotments(desk.registry, desk.who)
    holds = [hold.key for hold in release_expired(desk.registry, desk.who)]
    desk.tell(
        {"allotments": ended, "reservations": holds},
        f"{len(ended)} allotments, {len(holds)} other reservations lapsed",
    )


# ---------------------------------------------------------------------------------------------------- persons
@at_desk(person, "add")
def add_person(
    desk: Desk,
    new: Annotated[str, typer.Argument(help="Id of the person.")],
    role: Annotated[list[str], typer.Option(help="A role; may be given often.")],
    agency: Annotated[str, typer.Option(help="The agency they speak for.")] = "",
    organisation: Annotated[str, typer.Option(help="Party id of the company they work for.")] = "",
) -> None:
    """Let a person act."""
    from lockgate.services.people import enrol_person

    enrol_person(desk.registry, desk.who, new, role, agency=agency, organisation=organisation)
    desk.tell({"id": new, "roles": role}, f"{new} may act as {', '.join(role)}")


@at_desk(person, "list")
def list_people(desk: Desk) -> None:
    """List who may act."""
    from lockgate.services.people import list_people as read

    rows = [
        {"id": one.id, "roles": ", ".join(sorted(one.roles)), "agency": one.agency, "organisation": one.organisation}
        for one in read(desk.registry)
    ]  # fmt: skip
    desk.tell_rows(rows, ["id", "roles", "agency", "organisation"])


@at_desk(party, "add")
def add_party(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="Its name.")],
    country: Annotated[str, typer.Option(help="Place of its headquarters, such as CN.")],
    id_: Annotated[str, typer.Option("--id", help="Its id; else a random one that tells nothing.")] = "",
    open_: Annotated[
        bool, typer.Option("--open", help="Its name stands in the record for all to read.")
    ] = False,
    class_: Annotated[str, typer.Option("--class", help="Class an order rule may reserve a share for.")] = "",
) -> None:
    """Enter a party; its name is withheld unless you say --open."""
    from lockgate.services.people import register_party

    found = register_party(
        desk.registry, desk.who, name, country=country, party=id_, withheld=not open_, party_class=class_
    )
    desk.tell({"id": found}, found)


@at_desk(party, "list")
def list_parties(desk: Desk) -> None:
    """List parties; withheld names stay withheld."""
    from lockgate.services.people import list_parties as read

    desk.tell_rows(read(desk.registry), ["id", "name", "country", "class", "state"])


@at_desk(party, "names")
def read_names(
    desk: Desk,
    parties: Annotated[list[str], typer.Argument(help="Ids.")],
    reason: Annotated[str, typer.Option(help="Why you read them; it is recorded.")],
) -> None:
    """Read withheld names, if you may; that you did is recorded."""
    from lockgate.services.people import read_names as read

    names = read(desk.registry, desk.who, parties, reason=reason)
    desk.tell_rows([{"id": one, "name": name} for one, name in names.items()], ["id", "name"])


@at_desk(party, "shred")
def shred_party(
    desk: Desk,
    id_: Annotated[str, typer.Argument(metavar="PARTY", help="Its id.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Destroy a party's name for good; proofs go on to hold."""
    from lockgate.services.people import shred_party as shred

    count = shred(desk.registry, desk.who, id_, reason=reason)
    desk.tell({"party": id_, "destroyed": count}, f"{count} secrets destroyed")
