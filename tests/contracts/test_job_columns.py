"""The manual names every column of a job, and no other."""

import re
from pathlib import Path

from lockgate.services.jobs import Job

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "job-columns.md"


def test_every_column_is_in_the_manual() -> None:
    told = set(re.findall(r"^\| `([a-z_0-9]+)` \|", PAGE.read_text(), flags=re.MULTILINE))
    assert told == set(Job.model_fields)
