"""A defect of Lockgate itself: a reference number for the user, the whole story in a file."""

import os
import platform
import secrets
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path


def state_folder() -> Path:
    """Where Lockgate keeps what is neither data nor configuration: ``LOCKGATE_STATE``, or the system's place for it."""
    if given := os.environ.get("LOCKGATE_STATE"):
        return Path(given)
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home / "lockgate"


def report_defect(error: BaseException) -> str:
    """Write the traceback to a file, name it on stderr, and return its reference number."""
    now = datetime.now(UTC)
    reference = f"{now:%Y%m%d}-{secrets.token_hex(3)}"
    story = "\n".join(
        [
            f"reference {reference}, {now:%Y-%m-%d %H:%M:%S} UTC",
            f"Python {platform.python_version()} on {platform.platform()}",
            f"command: {' '.join(sys.argv)}",
            "",
            *traceback.format_exception(error),
        ]
    )
    print(f"error: Lockgate met a defect of its own; the reference is {reference}", file=sys.stderr)
    file = state_folder() / f"defect-{reference}.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(story, encoding="utf-8")
    except OSError as failure:
        print(
            f"  hint: no report could be written ({failure}); set LOCKGATE_STATE to a folder that can",
            file=sys.stderr,
        )
    else:
        print(f"  hint: please send {file} with what you did", file=sys.stderr)
    return reference
