"""The calibration shipped with the package: kernel parameters, eras, and measured tables."""

import csv
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from lockgate.base.errors import LockgateError


@cache
def read_calibration(name: str) -> Mapping[str, Any]:
    """A calibration file as read.

    Args:
        name: Without its folder and suffix, such as ``kernels``.

    Raises:
        LockgateError: ``unknown-calibration``.

    >>> read_calibration("kernels")["chips"]["h100-sxm"]["source"]
    'aiconfigurator-core'
    """
    path = files("lockgate") / "data" / "calibration" / f"{name}.toml"
    if not path.is_file():
        raise LockgateError(f"no calibration {name!r}", code="unknown-calibration")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def read_measurements(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a measured table, in file order, as text.

    Args:
        name: Without its folder and suffix, such as ``training_throughput``.

    Raises:
        LockgateError: ``unknown-measurements``.
    """
    path = files("lockgate") / "data" / "calibration" / f"{name}.csv"
    if not path.is_file():
        raise LockgateError(f"no measured table {name!r}", code="unknown-measurements")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return tuple(csv.DictReader(line for line in lines if not line.startswith("#")))
