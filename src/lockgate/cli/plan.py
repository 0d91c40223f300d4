"""``lockgate plan``: the best layout of a job, the front, and why the others lose."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.base.errors import LockgateError
from lockgate.cli.job_flags import JobFlags, flags_to_job


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("plan")
    @JobFlags.add
    def plan(
        job: Annotated[Path | None, typer.Argument(help="A job (TOML or JSON).")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
        **flags: Any,
    ) -> None:
        """Search every layout of a job; print the best, the front, and why the others lose.

        What the job or the flags give is held fixed; all else is searched:
        --train gpt3-175b --on h200-sxm --count 3584 --global-batch 3584 --seq-len 2048.
        """
        from lockgate.cli.session import open_catalogue
        from lockgate.services.jobs import read_jobs
        from lockgate.services.plan import plan_job

        given = flags_to_job(flags)
        if job is None and "kind" not in given:
            raise LockgateError(
                "no job given", code="missing-job", hint="a file, or --train MODEL or --serve MODEL, with --on CHIP"
            )  # fmt: skip
        rows = [{}] if job is None else read_jobs(job)[0]
        catalogue = open_catalogue()
        plans = [plan_job(row | given, catalogue) for row in rows]
        if as_json:
            typer.echo(json.dumps(plans[0] if len(plans) == 1 else plans, ensure_ascii=False, indent=2))
            return
        for found in plans:
            for line in describe(found):
                typer.echo(line)


def describe(plan: Mapping[str, Any]) -> list[str]:
    """A plan in lines."""
    from lockgate.cli.estimate_print import describe as describe_answer

    best = plan["best"]
    lines = [f"searched {plan['searched']:,} layouts, {plan.get('fitting', plan['searched']):,} fit"]
    names = [name for name in LAYOUT_FIELDS if name in best]
    lines += describe_answer({**best, "layout": {name: best[name] for name in names}})
    if plan["kind"] == "train":
        lines.append("")
        lines.append("front: faster, or smaller")
        lines += [_front_line(row, names) for row in plan["pareto"][:20]]
        if len(plan["pareto"]) > 20:
            lines.append(f"  … and {len(plan['pareto']) - 20} smaller and slower ones (--json shows all)")
    else:
        lines += ["", "front: quicker for each user, or more tokens a second in all"]
        step = max(len(plan["pareto"]) // 12, 1)
        lines += [_serving_line(row) for row in plan["pareto"][::step]]
    if plan.get("losers"):
        lines += ["", "why others lose"]
        lines += [f"  {_loser_line(loser)}" for loser in plan["losers"]]
    return lines


# In this order, as far as a kind of job has them.
LAYOUT_FIELDS = (
    "precision", "tp", "pp", "dp", "cp", "ep", "micro_batch", "interleave", "recompute", "zero", "replicas", "prefill_replicas",
    "prefill_tp", "concurrency", "step_tokens",
)  # fmt: skip


def _front_line(row: Mapping[str, Any], names: list[str]) -> str:
    split = ", ".join(f"{name} {row[name]}" for name in names)
    return f"  {row['step_time_s']['value']:.4g} s, {row['memory_byte_per_chip'] / 2**30:.1f} GiB: {split}"


def _serving_line(row: Mapping[str, Any]) -> str:
    apart = (
        f", {row['prefill_replicas']} engines of tp {row['prefill_tp']} only prefill"
        if row["prefill_replicas"]
        else ""
    )
    gap = f"{row['tpot_s']['value'] * 1e3:.4g} ms a token" if row.get("tpot_s") else "one token"
    return (
        f"  {row['output_tokens_per_s']['value']:,.0f} tokens/s, {gap}, {row['ttft_s']['value']:.3g} s to the first: "
        f"{row['replicas']} × {row['precision']} tp {row['tp']} pp {row['pp']} ep {row['ep']}, {row['concurrency']} in flight{apart}"
    )


def _loser_line(loser: Mapping[str, Any]) -> str:
    if loser.get("step_time_ratio"):
        return f"{loser['field']} {loser['value']}: at best {loser['step_time_ratio']:.2f} × the time"
    return f"{loser['field']} {loser['value']}: {loser['reason']}"
