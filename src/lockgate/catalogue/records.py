"""What every record of the catalogue shares: it is frozen, knows no unknown field, and says whose it is."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Origin = Literal["lockgate", "user"]
RecordId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([-.][a-z0-9]+)*$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
PartialDate = Annotated[
    str, StringConstraints(pattern=r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")
]
"""A day, a month or a year as a source gives it: ``2024-11-18``, ``2026-03``, ``2025``."""


def _text_of_day(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value


DateText = Annotated[PartialDate, BeforeValidator(_text_of_day)]
"""A `PartialDate`; a TOML date is welcome too."""


class Record(BaseModel):
    """A frozen object with no unknown fields.

    A misspelt field is an error, never silently dropped.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


class CatalogueRecord(Record):
    """One file of the catalogue.

    Attributes:
        id: Name of the file without its ending; folders are joined by dots.
        origin: ``lockgate`` for a record shipped with the package, ``user`` for one from the user's own folder.
    """

    id: RecordId
    origin: Origin = "lockgate"
