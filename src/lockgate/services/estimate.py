"""Estimate what jobs take: send each to the model of its kind, give back one object a row."""

from collections.abc import Mapping, Sequence
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.catalogue import Catalogue, load_catalogue
from lockgate.services.jobs import Job, check_job, say_count


def estimate_job(fields: Mapping[str, Any], catalogue: Catalogue | None = None) -> dict[str, Any]:
    """The answer to one job.

    Args:
        fields: As in a row: names to values; empty text counts as left out.
        catalogue: Of chips and models; the usual one if not given.

    Returns:
        ``id, kind, model, chip, count`` and the figures of its kind, each with ``value, interval_50, interval_90``.

    Raises:
        LockgateError: With every problem of the job.
    """
    catalogue = catalogue or load_catalogue()
    job = check_job(fields, catalogue)
    answer = _answer(job, catalogue)
    return {**answer, "chosen": {**say_count(fields, job), **answer["chosen"]}}


def estimate_rows(
    rows: Sequence[Mapping[str, Any]], catalogue: Catalogue | None = None
) -> list[dict[str, Any]]:
    """The answers to many jobs, in order; a row that cannot be answered says why under ``problems``."""
    catalogue = catalogue or load_catalogue()
    answers: list[dict[str, Any]] = []
    known: dict[str, dict[str, Any]] = {}  # sheets repeat jobs, and a search takes its time
    for row in rows:
        try:
            job = repr([cell for cell in row.items() if cell[0] != "id"])
            if job not in known:
                known[job] = estimate_job(row, catalogue)
            answers.append({**known[job], "id": str(row.get("id", "")).strip()})
        except LockgateError as error:
            answers.append(
                {
                    "id": str(row.get("id") or ""),
                    "problems": [problem.as_dict() for problem in error.problems],
                }
            )
    return answers


def _answer(job: Job, catalogue: Catalogue) -> dict[str, Any]:
    # the model of a kind is read when the first job of its kind comes
    if job.kind == "train":
        from lockgate.services.train import estimate_training

        return estimate_training(job, catalogue)
    from lockgate.services.serving import estimate_serve

    return estimate_serve(job, catalogue)
