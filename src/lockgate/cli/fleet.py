"""``lockgate fleet``: an allotment as capacity."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.base.errors import LockgateError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("fleet")(fleet)


def fleet(
    question: Annotated[Path | None, typer.Argument(help="An allotment (TOML).")] = None,
    on: Annotated[str | None, typer.Option("--on", help="Chip, or several with commas.")] = None,
    count: Annotated[str | None, typer.Option("--count", help="Chips; as many numbers as chips.")] = None,
    serve: Annotated[str | None, typer.Option("--serve", help="Models to serve, with commas.")] = None,
    train: Annotated[str | None, typer.Option("--train", help="Model to train.")] = None,
    tokens: Annotated[float | None, typer.Option("--tokens", help="Tokens of the training run.")] = None,
    run_count: Annotated[int | None, typer.Option("--run-count", help="Chips of one training run.")] = None,
    price_usd: Annotated[float | None, typer.Option("--price-usd", help="Of one chip.")] = None,
    premium: Annotated[
        float | None, typer.Option("--premium", help="Paid above the price: 0.1 is a tenth.")
    ] = None,
    duty: Annotated[float | None, typer.Option("--duty", help="Paid on price and premium.")] = None,
    against: Annotated[str | None, typer.Option("--against", help="Other chips to set it against.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What an allotment does: tokens a day, days to train, cost and energy, and what it is in other chips.

    lockgate fleet --on h200-sxm --count 400000 --duty 0.25 --against ascend-910c,h20-96
    """
    from lockgate.cli.session import open_catalogue, print_json
    from lockgate.services.fleet import answer_fleet

    fields = _read(question) if question else {}
    if on is not None:
        fields["lots"] = _lots(
            on, count, {"price_usd": price_usd, "premium_fraction": premium, "duty_fraction": duty}
        )
    given = {
        "serve": _names(serve), "train": train, "tokens": tokens, "run_count": run_count, "against": _names(against),
    }  # fmt: skip
    fields |= {name: value for name, value in given.items() if value is not None}
    if "lots" not in fields:
        raise LockgateError("no allotment given", code="missing-lots", hint="a file, or --on CHIP --count N")
    answer = answer_fleet(open_catalogue(), fields)
    if as_json:
        print_json(answer)
        return
    for line in fleet_lines(answer):
        typer.echo(line)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LockgateError(f"cannot read {path}: {error.strerror}", code="unreadable-file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LockgateError(f"{path} is not valid TOML: {error}", code="invalid-file") from None


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _whole(text: str) -> int | str:
    """A number of chips; what is none stays as it is, for the question to refuse with its place."""
    return int(text) if text.isdecimal() else text


def _lots(chips: str, counts: str | None, paid: Mapping[str, float | None]) -> list[dict[str, Any]]:
    names, numbers = _names(chips) or [], [_whole(text) for text in _names(counts) or ["8"]]
    if len(numbers) not in (1, len(names)):
        raise LockgateError(
            f"{len(names)} chips but {len(numbers)} counts",
            code="uneven-lots",
            where="count",
            hint="one count for each chip",
        )
    if len(numbers) == 1:
        numbers = numbers * len(names)
    extra = {name: value for name, value in paid.items() if value is not None}
    return [{"chip": chip, "count": number, **extra} for chip, number in zip(names, numbers, strict=True)]


def fleet_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """The answer as lines."""
    for lot in answer["lots"]:
        price = "price not known" if lot["price_usd"] is None else f"USD {lot['price_usd'] / 1e9:.2f} billion"
        power = (
            "power not known"
            if lot["power_w"] is None
            else f"{lot['power_w'] / 1e6:,.1f} MW with nodes and site"
        )
        yield f"{lot['count']:,} × {lot['name']}: {price}, {power}"
        for model, row in lot["serve"].items():
            yield f"  serves {model}: {_served(row)}"
        if lot.get("train"):
            yield f"  trains {_trained(lot['train'])}"
        for row in lot["equivalents"]:
            value = "not known" if row["values"][0] is None else f"{row['values'][0]:,}"
            yield f"  counts as {value} {row['unit']} by {row['quantity']} ({row['used_by']})"
        for row in lot.get("against", ()):
            yield f"  against {_against(row)}"
    for model, figure in answer["total_tokens_per_day"].items():
        if len(answer["lots"]) > 1:
            yield f"together, {model}: {_many(figure)} tokens a day"


def _range(figure: Mapping[str, Any], unit: float) -> str:
    low, high = figure["interval_90"]
    return f"{figure['value'] / unit:,.2f} (90 %: {low / unit:,.2f} to {high / unit:,.2f})"


def _many(figure: Mapping[str, Any]) -> str:
    power = next((power for power in (12, 9, 6) if figure["value"] >= 10.0**power), 0)
    return _range(figure, 10.0**power) + (f" × 10^{power}" if power else "")


def _served(row: Mapping[str, Any]) -> str:
    if "problem" in row:
        return f"cannot be estimated: {row['problem']}"
    cost = (
        "" if row["usd_per_million"] is None else f"; USD {_range(row['usd_per_million'], 1.0)} for a million"
    )
    return f"{_many(row['tokens_per_day'])} tokens a day in {row['precision']}{cost}; {row['bottleneck']}"


def _trained(row: Mapping[str, Any]) -> str:
    if "problem" in row:
        return f"nothing: {row['problem']}"
    energy = "" if row["mwh"] is None else f", {row['mwh']['value']:,.0f} MWh"
    return (
        f"{row['model']} on {row['tokens']:.3g} tokens with {row['count']:,} chips in {_range(row['days'], 1.0)} days{energy}; "
        f"{row['runs_at_once']} such runs at once"
    )


def _against(row: Mapping[str, Any]) -> str:
    if row["problem"]:
        return f"{row['id']}: {row['problem']}"
    train = "" if row["training"] is None else f", trains {_range(row['training'], 1.0)}"
    money = "price not known" if row["same_money"] is None else f"the same money buys {row['same_money']:,}"
    known = "" if row["measured"] else "; kernels not measured"
    return f"{row['id']}: serves {_range(row['serving'], 1.0)} of one{train}; {row['matches']:,} serve as much; {money}{known}"
