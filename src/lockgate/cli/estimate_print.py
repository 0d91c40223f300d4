"""Answers of ``lockgate estimate`` as people read them, as JSON and as CSV."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

# Prefixes for what people read.
_SCALES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"))


def print_answers(answers: list[dict[str, Any]], *, as_json: bool, many: bool) -> None:
    """Print them: JSON (an object a line where the input was a table), or a block for each."""
    if as_json:
        for answer in answers:
            typer.echo(json.dumps(answer, ensure_ascii=False, indent=None if many else 2))
        return
    for number, answer in enumerate(answers):
        if number:
            typer.echo("")
        for line in describe(answer):
            typer.echo(line)


def describe(answer: Mapping[str, Any]) -> list[str]:
    """An answer in lines."""
    if "problems" in answer:
        return [
            f"{answer['id'] or 'row'}: cannot be answered: "
            + "; ".join(p["message"] for p in answer["problems"])
        ]
    name = f"{answer['id']}: " if answer.get("id") else ""
    verb = "training" if answer["kind"] == "train" else "serving"
    lines = [f"{name}{verb} {answer['model']} on {answer['count']:,} × {answer['chip']}"]
    if "layout" in answer:
        lines.append("  layout     " + ", ".join(f"{k} {v}" for k, v in answer["layout"].items()))
    for key, value in answer.items():
        if isinstance(value, Mapping) and {"value", "interval_50", "interval_90"} <= set(value):
            lines.append(f"  {_label(key)}{_figure(key, value)}")
    if "memory_byte_per_chip" in answer:
        fits = (
            "fits"
            if answer["fits"]
            else f"DOES NOT FIT: {answer.get('overrun_byte', 0) / 2**30:.1f} GiB too much"
        )
        lines.append(
            f"  {_label('memory_byte_per_chip')}{answer['memory_byte_per_chip'] / 2**30:.1f} GiB, {fits}"
        )
    if "breakdown_s" in answer:
        total = sum(answer["breakdown_s"].values()) or 1.0
        parts = sorted(answer["breakdown_s"].items(), key=lambda item: -item[1])
        lines.append(
            "  time goes to  " + ", ".join(f"{k} {v / total:.0%}" for k, v in parts if v / total >= 0.005)
        )
    if answer.get("bottleneck"):
        bottleneck = answer["bottleneck"]
        told = (
            bottleneck
            if isinstance(bottleneck, str)
            else ", ".join(f"{k}: {v}" for k, v in bottleneck.items())
        )
        phases = answer.get("bottlenecks") or {}
        detail = ", ".join(f"{phase}: {what}" for phase, what in phases.items())
        lines.append(f"  bottleneck    {told}" + (f" ({detail})" if detail else ""))
    if answer.get("chosen"):
        lines.append("  chosen        " + "; ".join(f"{k} = {v}" for k, v in answer["chosen"].items()))
    calibration = answer.get("calibration")
    if calibration:
        told = ", ".join(
            f"{key} {value}" for key, value in calibration.items() if isinstance(value, str | float)
        )
        lines.append(f"  rests on      {told}")
    lines += [f"  assumed       {text}" for text in answer.get("assumptions", ())]
    return lines


def write_answers(
    path: Path, rows: list[dict[str, Any]], answers: list[dict[str, Any]], *, many: bool
) -> None:
    """Write them beside what was asked: a CSV with the columns of the input first, or JSON."""
    if path.suffix.lower() != ".csv":
        text = json.dumps(answers if many else answers[0], ensure_ascii=False, indent=2)
        path.write_text(text + "\n", encoding="utf-8")
        return
    flat = []
    for row, answer in zip(rows, answers, strict=True):
        figures = _flat(answer)
        asked = {
            f"input_{name}" if name in figures and str(figures[name]) != str(value) and value else name: value
            for name, value in row.items()
        }
        flat.append(asked | figures)
    columns = list(dict.fromkeys(name for row in flat for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(flat)


def _flat(answer: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in answer.items():
        if isinstance(value, Mapping) and {"value", "interval_50", "interval_90"} <= set(value):
            flat[key] = value["value"]
            for level in ("50", "90"):
                flat[f"{key}_low_{level}"], flat[f"{key}_high_{level}"] = value[f"interval_{level}"]
        elif key == "layout":
            flat |= value
        elif key == "problems":
            flat[key] = "; ".join(f"{p['where']}: {p['message']}" for p in value)
        elif isinstance(value, str | int | float | bool):
            flat[key] = value
    return flat


def _label(key: str) -> str:
    label = key.replace("_per_s", "/s").removesuffix("_s").removesuffix("_byte").replace("_", " ")
    return f"{label:<14}" if len(label) < 14 else f"{label}  "


def _figure(key: str, value: Mapping[str, Any]) -> str:
    figures = (value["value"], *value["interval_50"], *value["interval_90"])
    if any(figure is None for figure in figures):
        return "not finite"
    middle, low_50, high_50, low_90, high_90 = (_number(key, figure) for figure in figures)
    return f"{middle}  (50 %: {low_50} – {high_50}; 90 %: {low_90} – {high_90})"


def _number(key: str, value: float) -> str:
    if key.endswith("fraction"):
        return f"{value:.1%}"
    if key.endswith(("_s", "_ms")) and "per_s" not in key:
        if value >= 1:
            return f"{value:.4g} s"
        return f"{value * 1e3:.4g} ms"
    if value >= 1e5:
        return next(f"{value / scale:.4g} {sign}" for scale, sign in _SCALES if value >= scale)
    return f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"
