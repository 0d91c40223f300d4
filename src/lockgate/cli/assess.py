"""``lockgate assess``: a deal, put to both gates, as a dossier."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockgate.cli.session import open_catalogue, print_json

if TYPE_CHECKING:
    from lockgate.reports.outline import Dossier

SIGNS = {
    "MET": "✓",
    "NOT_MET": "✕",
    "UNDETERMINED": "?",
    "NOT_IN_FORCE": "–",
    "yes": "●",
    "no": "○",
    "undetermined": "?",
}

WIDTH = 100
SHOWN = 4


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("assess")(assess)


def assess(
    deal: Annotated[Path, typer.Argument(help="Deal file (TOML); see examples/h200-first-batch/deal.toml.")],
    on: Annotated[
        str, typer.Option(metavar="DATE", help="Day the law is asked about; else the deal's own.")
    ] = "",
    known_at: Annotated[
        str, typer.Option(metavar="DATE", help="Day of knowledge: leave out what was known only later.")
    ] = "",
    case_file: Annotated[
        Path | None,
        typer.Option(
            help="An exported case file (`lockgate case export`): the dossier then shows who gets it."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the dossier, one self-contained HTML file, here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the dossier's content as JSON.")] = False,
) -> None:
    """Say whether a deal may pass both gates, clause by clause, and write its dossier."""
    from lockgate.base.dates import parse_date
    from lockgate.services.assessment import assess_deal
    from lockgate.services.dossier import make_dossier

    with show_progress() as progress:
        progress("the deal")
        assessment = assess_deal(
            deal,
            open_catalogue(),
            on=parse_date(on) if on else None,
            known_at=parse_date(known_at) if known_at else None,
            case_file=case_file,
        )
        dossier = make_dossier(assessment, progress=progress)
        if out is not None:
            from lockgate.services.dossier import write_dossier

            progress("the page")
            write_dossier(dossier, out)
    if as_json:
        print_json(dossier.as_dict())
    else:
        print_summary(dossier)
    if out is not None:
        print(f"Dossier: {out}", file=sys.stderr if as_json else sys.stdout)


@contextmanager
def show_progress() -> Iterator[Callable[[str], None]]:
    """What is being worked on, on a terminal's stderr; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("Reading") as status:
        yield lambda what: status.update(f"Working on {what}")


def print_summary(dossier: "Dossier") -> None:
    """The dossier's first page as text."""
    data = {section.id: section.data for section in dossier.sections}
    verdict = data["verdict"]
    answer = textwrap.fill(
        f"{SIGNS[dossier.verdict]} {dossier.verdict}  {dossier.summary}", WIDTH, break_on_hyphens=False
    )
    lines = [dossier.title, "", answer, ""]
    for gate in verdict["gates"]:
        since = f"  ({stands(gate)} since {gate['held_since']})" if gate["held_since"] else ""
        lines.append(
            f"  {SIGNS[gate['verdict']]} {gate['title']:<22} {gate['verdict']:<13} {gate['says']}{since}"
        )
    for charge in (part["cost"] for part in verdict["charges"] if part["cost"]):
        low, high = charge["duty_usd_low"], charge["duty_usd_high"]
        amount = "value not known" if low is None else f"USD {low / 1e9:.2f} to {high / 1e9:.2f} billion"
        lines.append(
            f"  {SIGNS[charge['applies']]} {'Section 232 duty':<22} {charge['applies']:<13} {amount} at {charge['rate_fraction']:.0%}"
        )
    if "conditions" in data:
        counts = data["conditions"]["counts"]
        lines.append(
            f"    {'Conditions':<22} {counts['met']} met, {counts['unmet']} unmet, {counts['unknown']} unknown"
        )
    if verdict["missing"]:
        names = [entry["column"] for entry in verdict["missing"]]
        shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        lines.append(f"    {'Not known':<22} {shown}")
    print("\n".join(lines))


def stands(gate: dict[str, str]) -> str:
    """How a gate that does not let the deal pass stands to it."""
    return "holds it" if gate["verdict"] == "NOT_MET" else "undetermined"
