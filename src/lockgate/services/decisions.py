"""The journal of decisions: a file of one JSON object a line, only ever added to."""

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.evidence.decisions import Decision, check_history, decide, decision_of


def read_journal(path: Path) -> list[Decision]:
    """All decisions in a journal; none where the file is not there yet.

    Raises:
        InvalidInputError: Every line that is no decision, at once.
        LockgateError: ``broken-journal`` where a line was changed or taken out.
    """
    if not path.exists():
        return []
    problems = ProblemCollector()
    history: list[Decision] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        if not line.strip():
            continue
        with problems.at(str(path), number):
            try:
                history.append(decision_of(json.loads(line)))
            except (json.JSONDecodeError, TypeError) as error:
                raise LockgateError(f"not JSON: {error}", code="bad-decision") from error
    problems.raise_if_any()
    try:
        check_history(history)
    except LockgateError as error:
        raise error.within(str(path)) from None
    return history


def add_decision(path: Path, *, by: str, action: str, target: str, reason: str, other: str = "") -> Decision:
    """Decide, and write the decision behind the others.

    Raises:
        LockgateError: As `decide` and `read_journal`.
    """
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    decision = decide(
        read_journal(path), at=at, by=by, action=action, target=target, reason=reason, other=other
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(decision), ensure_ascii=False, sort_keys=True) + "\n")
    return decision
