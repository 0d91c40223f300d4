"""``lockgate estimate``: how long a job takes, what it needs, and how sure that is."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.cli.job_flags import JobFlags, flags_to_job


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("estimate")
    @JobFlags.add
    def estimate(
        jobs: Annotated[Path | None, typer.Argument(help="A job (TOML, JSON) or many (CSV).")] = None,
        out: Annotated[Path | None, typer.Option(help="Write the answers there: .csv or .json.")] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help="Print one object; of a table, one a line.")
        ] = False,
        **flags: Any,
    ) -> None:
        """How long a job takes, what it needs, and how sure that is.

        A job comes from a file, or from flags: --train gpt3-175b --on h200-sxm --count 1024 --tokens 300e9, or
        --serve llama2-70b --on h200-sxm --tp 1 --input 2048 --output 128.
        """
        from lockgate.cli.estimate_print import print_answers, write_answers
        from lockgate.cli.session import open_catalogue
        from lockgate.services.estimate import estimate_rows
        from lockgate.services.jobs import read_jobs, split_row

        given = flags_to_job(flags)
        if jobs is None and "kind" not in given:
            raise LockgateError(
                "no job given", code="missing-job", hint="a file, or --train MODEL or --serve MODEL, with --on CHIP"
            )  # fmt: skip
        rows, many = ([given], False) if jobs is None else read_jobs(jobs)
        if jobs is not None and given:
            rows = [row | given for row in rows]
        table = jobs is not None and jobs.suffix.lower() == ".csv"
        carried = sorted({name for row in rows for name in split_row(row)[1]}) if table else []
        if carried:
            typer.echo("note: columns carried along, not read: " + ", ".join(carried), err=True)
        asked = [split_row(row)[0] for row in rows] if table else rows
        answers = estimate_rows(asked, open_catalogue())
        bad = [answer for answer in answers if "problems" in answer]
        if out:
            write_answers(out, rows, answers, many=many)
        if (not bad or many) and (as_json or not out):
            print_answers(answers, as_json=as_json, many=many)
        if bad:
            raise _problems(answers, many=many)


def _problems(answers: list[dict[str, Any]], *, many: bool) -> LockgateError:
    found = []
    for number, answer in enumerate(answers):
        for problem in answer.get("problems", ()):
            where = (f"rows[{number}]",) if many else ()
            path = (*where, problem["where"]) if problem["where"] else where
            found.append(
                LockgateError(problem["message"], code=problem["code"], where=path, hint=problem["hint"])
            )
    return InvalidInputError(found)
