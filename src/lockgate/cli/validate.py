"""``lockgate validate``: the capability model against the measured tables that ship with it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("validate")(validate)


def validate(
    family: Annotated[
        list[str] | None,
        typer.Option("--family", help="Only this family of measured runs (may be repeated)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Predict every measured run that ships with Lockgate again, and print errors, bias and what the intervals held.

    Left out: the parameters of an era were fitted again without each chip and without each model, and those runs predicted.
    """
    from lockgate.cli.session import open_catalogue, print_json
    from lockgate.services.validation import pooled, validate_families

    reports = validate_families(open_catalogue(), family or ())
    if as_json:
        print_json({"families": [report.as_dict() for report in reports], "pooled": dict(pooled(reports))})
        return
    for line in table_lines([report.as_dict() for report in reports]):
        typer.echo(line)
    held = pooled(reports)
    if held:
        typer.echo(
            f"left out, all families: {held['count']:,.0f} predictions; the 50 % interval held {held['held_50']:.0%}, "
            f"the 90 % one {held['held_90']:.0%}"
        )


def table_lines(reports: list[dict[str, Any]]) -> list[str]:
    """The reports as lines of a table."""
    lines = [
        f"{'family':<24}{'kind':<7}{'runs':>5}{'mean':>8}{'median':>8}{'worst':>8}{'bias':>8}{'in 50 %':>9}{'in 90 %':>9}"
    ]
    for report in reports:
        lines.append(
            f"{report['family']:<24}{report['kind']:<7}{report['count']:>5}" + _errors(report) + f"{report['bias']:>+8.1%}"
            + _held(report)
        )  # fmt: skip
        lines += [
            f"  without each {item['left_out']:<16}{item['count']:>5}" + _errors(item) + " " * 8 + _held(item)
            for item in report["left_out"]
        ]
    return lines


def _errors(item: Mapping[str, Any]) -> str:
    return f"{item['mean_error']:>8.1%}{item['median_error']:>8.1%}{item['worst_error']:>8.0%}"


def _held(item: Mapping[str, Any]) -> str:
    return f"{item['held_50']:>9.0%}{item['held_90']:>9.0%}"
