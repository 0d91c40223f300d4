"""Where items stand under the rules of a day, and how one deal fares through the versions of the rules."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lockgate.catalogue import Catalogue
from lockgate.controls.determination import Determination, GateAnswer, Verdict
from lockgate.services.determine import Determiner

REFERENCE_ROUTE = {"kind": "export", "from": "US", "to": "CN"}
"""The route a chip's standing is told for where no deal is named: the one the rules are about."""


def classify_chips(catalogue: Catalogue, on: dt.date, known_at: dt.date | None) -> dict[str, str | None]:
    """The export classification of every chip of the catalogue on a day, by id.

    ``None`` where it is under none, ``undetermined`` where a figure that decides is not known.
    """
    determiner = Determiner(catalogue, on=on, known_at=known_at)
    answers = {chip.id: determiner.answer({"item": chip.id, **REFERENCE_ROUTE}) for chip in catalogue.chips()}
    return {
        chip_id: "undetermined" if found.undetermined else found.classification
        for chip_id, found in answers.items()
    }


@dataclass(frozen=True, slots=True)
class Moment:
    """One deal under the rules from a day on."""

    on: dt.date
    determination: Determination

    def gate(self, name: str) -> GateAnswer:
        """What one gate says."""
        return next(answer for answer in self.determination.gates if answer.gate == name)

    @property
    def classification(self) -> str | None:
        """The item's export classification."""
        return self.determination.classification

    @property
    def us_export(self) -> Verdict:
        """What the export gate says."""
        return self.gate("us-export").verdict

    @property
    def cn_import(self) -> Verdict:
        """What the import gate says."""
        return self.gate("cn-import").verdict

    @property
    def review_policy(self) -> str:
        """How an application would be reviewed."""
        return self.gate("us-export").review_policy


def follow_deal(
    catalogue: Catalogue, row: Mapping[str, str], known_at: dt.date | None, until: dt.date
) -> Iterator[Moment]:
    """The same deal on each day on which its answer changes, the first day of any rule first.

    Args:
        catalogue: Chips, places and the law.
        row: Cells of the transaction by column; its own date is not used.
        known_at: The day of knowledge (None: all that is known).
        until: Days after this one are left out.
    """
    cells = {name: value for name, value in row.items() if name != "on"}
    previous = None
    for day in catalogue.law.change_days:
        if day > until:
            return
        found = Determiner(catalogue, on=day, known_at=known_at).answer(cells)
        moment = Moment(day, found)
        standing = (moment.classification, moment.us_export, moment.cn_import, moment.review_policy)
        if standing != previous:
            yield moment
        previous = standing
