"""``lockgate compare``: the same work on several chips."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from lockgate.base.errors import LockgateError
from lockgate.cli.job_flags import JobFlags, flags_to_job


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("compare")
    @JobFlags.add
    def compare(
        as_json: Annotated[bool, typer.Option("--json", help="Print one object a chip.")] = False,
        **flags: Any,
    ) -> None:
        """The same work on several chips: --serve llama2-70b --on h100-sxm,h200-sxm,h20-96,ascend-910b3.

        Ratios are per chip, to the first chip named. Without --tp, --pp, --batch … each chip gets its best layout; without
        --count, eight chips.
        """
        from lockgate.cli.session import open_catalogue, print_json
        from lockgate.services.compare import compare_chips

        given = flags_to_job(flags)
        if "kind" not in given or "chip" not in given:
            raise LockgateError(
                "nothing to compare",
                code="missing-job",
                hint="--train MODEL or --serve MODEL, with --on CHIP,CHIP",
            )
        chips = [name.strip() for name in str(given.pop("chip")).split(",") if name.strip()]
        rows = [item.as_dict() for item in compare_chips(open_catalogue(), given, chips)]
        if as_json:
            print_json(rows)
            return
        for line in comparison_lines(rows):
            typer.echo(line)


def comparison_lines(rows: list[dict[str, Any]]) -> list[str]:
    """A comparison as lines of a table."""
    wide = max(len(row["chip"]) for row in rows) + 2
    lines = [
        f"{'chip':<{wide}}{'tokens/s a chip':>16}  {'90 %':<19}{'ratio':>6}  {'90 %':<13}layout; bottleneck"
    ]
    for row in rows:
        if "problem" in row:
            lines.append(f"{row['chip']:<{wide}}cannot be estimated: {row['problem']}")
            continue
        rate, ratio = row["tokens_per_s_per_chip"], row["ratio"]
        low, high = rate["interval_90"]
        spread = "" if ratio is None else f"{ratio['interval_90'][0]:.2f} – {ratio['interval_90'][1]:.2f}"
        share = "" if ratio is None else f"{ratio['value']:.2f}"
        lines.append(
            f"{row['chip']:<{wide}}{rate['value']:>16,.0f}  {f'{low:,.0f} – {high:,.0f}':<19}{share:>6}  {spread:<13}"
            f"{_layout(row['layout'])}; {_bottleneck(row['bottleneck'])}"
            + ("" if row["fits"] else "; DOES NOT FIT")
        )
    widened = [
        row for row in rows if "measured" not in str(row.get("calibration", {}).get("kernels", "measured"))
    ]
    if widened:
        names = ", ".join(row["chip"] for row in widened)
        lines.append(
            f"no kernel measurements of {names}: efficiencies of a chip of their class, intervals wider"
        )
    return lines


def _layout(layout: Mapping[str, Any]) -> str:
    kept = [
        f"{name} {layout[name]}" for name in ("tp", "pp", "ep", "cp") if layout.get(name, 1) not in (1, None)
    ]
    return ", ".join([str(layout.get("precision", "")), *kept]).strip(", ")


def _bottleneck(bottleneck: Any) -> str:
    return (
        bottleneck
        if isinstance(bottleneck, str)
        else ", ".join(f"{key}: {value}" for key, value in bottleneck.items())
    )
