"""Plan a job: search every layout, give the best, the front, and why the others lose."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lockgate.base.errors import ProblemCollector
from lockgate.catalogue import Catalogue, load_catalogue
from lockgate.services.jobs import Job, check_job, say_count


def plan_job(fields: Mapping[str, Any], catalogue: Catalogue | None = None) -> dict[str, Any]:
    """The best layout of a job.

    Args:
        fields: As of a row for ``estimate``; what is given is held fixed. Several chips are named with commas.
        catalogue: Of chips and models; the usual one if not given.

    Returns:
        ``best`` (a layout with its figures), ``searched``, ``pareto`` (a list of the same) and ``losers``.

    Raises:
        LockgateError: With every problem of the job, or where no layout is possible.
    """
    catalogue = catalogue or load_catalogue()
    chips = [name.strip() for name in str(fields.get("chip") or "").split(",") if name.strip()]
    if len(chips) > 1:
        return _plan_chips(fields, list(dict.fromkeys(chips)), catalogue)
    job = check_job(fields, catalogue)
    plan = PLANNERS[job.kind](job, catalogue)
    best = plan["best"]
    return plan | {"best": best | {"chosen": {**say_count(fields, job), **best.get("chosen", {})}}}


def _plan_chips(fields: Mapping[str, Any], chips: Sequence[str], catalogue: Catalogue) -> dict[str, Any]:
    """The best layout on any of several chips, and the best of each under ``chips``.

    Raises:
        InvalidInputError: Where no chip can be planned: every problem of each.
    """
    problems = ProblemCollector()
    plans: dict[str, dict[str, Any]] = {}
    for chip in chips:
        with problems.at(chip):
            plans[chip] = plan_job({**fields, "chip": chip}, catalogue)
    if not plans:
        problems.raise_if_any()

    def merit(chip: str) -> tuple[bool, float]:
        best = plans[chip]["best"]
        rate = best["tokens_per_s" if plans[chip]["kind"] == "train" else "output_tokens_per_s"]
        return bool(best.get("fits", True)), float(rate["value"])

    ranked = sorted(plans, key=merit, reverse=True)
    first = plans[ranked[0]]
    told = {problem.where[0]: problem.message for problem in problems.problems if problem.where}
    losers = [
        {"field": "chip", "value": chip, "reason": "slower" if merit(chip)[0] else "does not fit",
         "step_time_ratio": merit(ranked[0])[1] / merit(chip)[1] if merit(chip)[0] else None}
        for chip in ranked[1:]
    ]  # fmt: skip
    losers += [
        {"field": "chip", "value": chip, "reason": told[chip], "step_time_ratio": None} for chip in told
    ]
    return first | {
        "searched": sum(plan["searched"] for plan in plans.values()),
        "fitting": sum(plan.get("fitting", plan["searched"]) for plan in plans.values()),
        "losers": [*first.get("losers", []), *losers],
        "chips": {chip: plans[chip]["best"] for chip in ranked},
    }


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
