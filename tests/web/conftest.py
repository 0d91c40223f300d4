"""A real Chromium for the browser tests: Debian's, or the one that LOCKGATE_CHROMIUM names."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("LOCKGATE_CHROMIUM") or next(
    (path for name in NAMES if (path := shutil.which(name))), None
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests, saying so, where there is no Chromium (tools/test-needs installs it where it can)."""
    if CHROMIUM:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium: install it, or set LOCKGATE_CHROMIUM"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [*sandbox, "--disable-dev-shm-usage"],
    }


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]
