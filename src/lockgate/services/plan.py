"""Plan a job: search every layout, give the best, the front, and why the others lose."""

from collections.abc import Callable, Mapping
from typing import Any

from lockgate.catalogue import Catalogue, load_catalogue
from lockgate.services.estimate import Job, check_job


def plan_job(fields: Mapping[str, Any], catalogue: Catalogue | None = None) -> dict[str, Any]:
    """The best layout of a job.

    Args:
        fields: As of a row for ``estimate``; what is given is held fixed.
        catalogue: Of chips and models; the usual one if not given.

    Returns:
        ``best`` (a layout with its figures), ``searched``, ``pareto`` (a list of the same) and ``losers``.

    Raises:
        LockgateError: With every problem of the job, or where no layout is possible.
    """
    catalogue = catalogue or load_catalogue()
    job = check_job(fields, catalogue)
    return PLANNERS[job.kind](job, catalogue)


def _plan_train(job: Job, catalogue: Catalogue) -> dict[str, Any]:
    from lockgate.capability.search import plan_training
    from lockgate.services.train import training_job, training_row

    question = training_job(job, catalogue)
    plan = plan_training(question, catalogue.calibration("training"))

    def layout(answer: Any) -> dict[str, Any]:
        row = training_row(job, question, answer)
        return {**row.pop("layout"), **row}

    return {
        "id": job.id,
        "kind": "train",
        "best": layout(plan.best),
        "searched": plan.searched,
        "fitting": plan.fitting,
        "pareto": [layout(answer) for answer in plan.pareto],
        "losers": [dict(loser) for loser in plan.losers],
    }


def _plan_serve(job: Job, catalogue: Catalogue) -> dict[str, Any]:
    from lockgate.services.serving import plan_serve

    return plan_serve(job, catalogue, ttft_limit_s=job.ttft_limit_s, tpot_limit_s=job.tpot_limit_s)


# Kind of job -> who plans it.
PLANNERS: dict[str, Callable[[Job, Catalogue], dict[str, Any]]] = {
    "train": _plan_train,
    "serve": _plan_serve,
}
