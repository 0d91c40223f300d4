"""Doctests of the package and every code block of README and docs run with the tests.

A ``python`` block is run; of a ``console`` block each ``$ lockgate …`` line is run from the root of the checkout, and what it
prints is compared with the lines below it, where ``...`` stands for anything and a last line ``[N]`` for its exit status.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

ROOT = Path(__file__).parent


def run_console(example: Example) -> str | None:
    """Run the commands of a block and say where the output differs."""
    steps = re.split(r"^\$ ", str(example.parsed), flags=re.MULTILINE)[1:]
    for step in steps:
        command, _, shown = step.partition("\n")
        status = 0
        if match := re.search(r"^\[(\d+)\]\s*\Z", shown, flags=re.MULTILINE):
            status, shown = int(match[1]), shown[: match.start()]
        program, *arguments = shlex.split(command)
        if program != "lockgate":
            return f"only lockgate runs in a console block, not {program!r}"
        done = subprocess.run(  # noqa: S603 the command stands in our own manual
            [sys.executable, "-m", "lockgate", *arguments], cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "LOCKGATE_DATA": ""},
        )  # fmt: skip
        printed = "\n".join(line.rstrip() for line in (done.stdout + done.stderr).splitlines())
        pattern = re.escape("\n".join(line.rstrip() for line in shown.strip().splitlines()))
        if done.returncode != status or (
            shown.strip() and not re.fullmatch(pattern.replace(r"\.\.\.", "(?s:.*)"), printed)
        ):
            return f"$ {command} ended with {done.returncode} and printed:\n{printed}"
    return None


_source = Sybil(parsers=[DocTestParser()], patterns=["src/lockgate/**/*.py"])
_manual = Sybil(
    parsers=[PythonCodeBlockParser(), CodeBlockParser("console", run_console), SkipParser()],
    patterns=["README.md", "docs/**/*.md"],
)
pytest_collect_file = (_source + _manual).pytest()
