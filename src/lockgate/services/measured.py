"""Measured runs beside modelled ones: what others measured of the same model on the same chips."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lockgate.catalogue.calibration import read_measurements

SERVE, TRAIN = ("input_len", "output_len"), ("seq_len",)
"""What makes two pieces of work the same, besides their model: the lengths of their sequences."""


def measured_runs(fields: Mapping[str, Any], chips: Sequence[str]) -> list[dict[str, Any]]:
    """Runs of a model on chips, as measured; those of the very work asked about first.

    Args:
        fields: Of a job: ``kind`` (``serve`` or ``train``), ``model``, and the lengths of its sequences.
        chips: Catalogue ids.

    Returns:
        Rows with ``chip``, ``count``, ``precision``, ``layout``, lengths, ``framework``, ``tokens_per_s_per_chip``, ``source``,
        ``pinpoint`` and ``same_work``.
    """
    find, lengths = (_trained, TRAIN) if fields.get("kind") == "train" else (_served, SERVE)
    wanted = {name: str(fields.get(name, "")) for name in lengths}
    rows = [
        {**row, "same_work": all(str(row[name]) == wanted[name] for name in lengths)}
        for row in find(str(fields.get("model", "")))
        if row["chip"] in chips
    ]
    return sorted(
        rows, key=lambda row: (not row["same_work"], chips.index(row["chip"]), -row["tokens_per_s_per_chip"])
    )


def _served(model: str) -> Iterator[dict[str, Any]]:
    for row in read_measurements("serving_throughput"):
        if row["model"] == model and row["metric"] == "output_tokens_per_s" and not row["excluded"]:
            rate = float(row["value"]) / int(row["count"])
            yield _run(row, rate, ("tp", "ep", "concurrency"), SERVE)


def _trained(model: str) -> Iterator[dict[str, Any]]:
    for row in read_measurements("training_steps"):
        if row["model"] == model and row["kind"] == "train":
            tokens = int(row["global_batch"]) * int(row["seq_len"])
            yield _run(
                row, tokens / float(row["step_time_s"]) / int(row["count"]), ("tp", "pp", "cp", "ep"), TRAIN
            )


def _run(row: Mapping[str, str], rate: float, split: Sequence[str], lengths: Sequence[str]) -> dict[str, Any]:
    layout = ", ".join(f"{name} {row[name]}" for name in split if row[name] not in ("", "1"))
    return {
        "chip": row["chip"], "count": int(row["count"]), "precision": row["precision"], "layout": layout,
        **{name: int(row[name]) for name in lengths}, "framework": row["framework"],
        "tokens_per_s_per_chip": rate, "source": row["source"], "pinpoint": row["pinpoint"],
    }  # fmt: skip
