"""Watch a folder of documents and tell only what is new."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from lockgate.base.errors import LockgateError
from lockgate.evidence.findings import shown
from lockgate.services.read import Reading, read_files


def watch_folder(folder: Path, state: Path, *, every: float, once: bool) -> Iterator[str]:
    """What changed in a folder, one text a change.

    Args:
        folder: Where the documents lie.
        state: File that keeps what was told before, so that a later run goes on from there.
        every: Seconds between two looks.
        once: Look once and end.

    Raises:
        LockgateError: ``no-folder``.
    """
    if not folder.is_dir():
        raise LockgateError(f"{folder} is no folder", code="no-folder", where=str(folder))
    told = _load(state)
    stamp: dict[str, tuple[int, int]] | None = None
    while True:
        now = {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
        if now != stamp:
            stamp = now
            seen = _told(read_files([folder]))
            yield from _changes(told, seen)
            told = seen
            state.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        if once:
            return
        time.sleep(every)


def _load(state: Path) -> dict[str, str]:
    try:
        held = json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}
    except (json.JSONDecodeError, OSError) as error:
        raise LockgateError(
            f"cannot be read: {error}",
            code="unreadable-file",
            where=str(state),
            hint="delete it to start afresh",
        ) from error
    if not isinstance(held, dict):
        raise LockgateError(
            "is no state of a watch",
            code="unreadable-file",
            where=str(state),
            hint="delete it to start afresh",
        )
    return {str(key): str(text) for key, text in held.items()}


def _told(reading: Reading) -> dict[str, str]:
    """Every claim, finding and problem of a reading as a line, by id."""
    lines = {
        claim.id: f"{claim.document}: {claim.subject}: {claim.attribute} = {shown(claim)} “{' '.join(claim.quote.split())}”"
        for claim in reading.claims
    }
    lines |= {
        finding.id: f"{finding.severity} {finding.kind}: {finding.statement}" for finding in reading.findings
    }
    return lines | {f"problem {problem.path}": f"not read: {problem}" for problem in reading.problems}


def _changes(told: dict[str, str], seen: dict[str, str]) -> Iterator[str]:
    for id_, line in seen.items():
        if id_ not in told:
            yield f"+ {id_} {line}"
        elif told[id_] != line:
            yield f"~ {id_} {line}"
    for id_, line in told.items():
        if id_ not in seen:
            yield f"- {id_} {line}"
