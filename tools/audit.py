"""Looks for known vulnerabilities among the installed dependencies. Usage: python tools/audit.py.

Ends with 1 where there are any; where the advisories cannot be asked for, it says so and ends with 0: a check that fails on
every train would soon be switched off.
"""

import json
import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 120


def judge(status: int, printed: str, said: str) -> tuple[int, str]:
    """The exit status and what to say, from what pip-audit left.

    Args:
        status: Its exit status.
        printed: Its standard output, JSON where it got that far.
        said: Its standard error.
    """
    try:
        found = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = said.strip().splitlines()[-1:] or [f"pip-audit ended with {status}"]
        return 0, f"audit: WARNING: not audited, the advisories cannot be asked for ({last[0]})"
    lines = [
        f"{item['name']} {item['version']}: {hole['id']}, fixed in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for item in found
        for hole in item.get("vulns", ())
    ]
    if lines:
        return 1, "\n".join(["audit: known vulnerabilities:", *lines])
    return 0, f"audit: {len(found)} dependencies, no known vulnerability"


def main() -> int:
    """Ask, and say what came of it."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--skip-editable", "--format", "json", "--progress-spinner", "off"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
        status, said = judge(done.returncode, done.stdout, done.stderr)
    except (subprocess.TimeoutExpired, OSError) as error:
        status, said = judge(-1, "", str(error))
    print(said, file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
