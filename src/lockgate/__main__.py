"""``python -m lockgate``."""

from lockgate.cli.main import run

run()
