"""Every kind of measure, and the one that a file describes."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from lockgate.base.errors import problems_from_validation
from lockgate.casework.drawdown import RatioCap, StatementCover, UseCount, ValueTolerance
from lockgate.casework.entitlements import (
    CarryOver,
    LinkTest,
    MinimumLot,
    ReferenceCeiling,
    Security,
    SubperiodCarry,
    UseOrLose,
)

AnyMeasure = Annotated[
    ReferenceCeiling
    | SubperiodCarry
    | CarryOver
    | UseOrLose
    | Security
    | MinimumLot
    | LinkTest
    | ValueTolerance
    | RatioCap
    | StatementCover
    | UseCount,
    Field(discriminator="kind"),
]
_MEASURE: TypeAdapter[AnyMeasure] = TypeAdapter(AnyMeasure)


def parse_measure(raw: Mapping[str, Any]) -> AnyMeasure:
    """A measure from the table of its file.

    Raises:
        InvalidInputError: With every field that does not fit.

    >>> parse_measure({"kind": "use_count", "id": "six", "title": "Six uses", "uses_max": 6}).uses_max
    6
    """
    try:
        return _MEASURE.validate_python(dict(raw))
    except ValidationError as error:
        raise problems_from_validation(error, str(raw.get("id", "measure"))) from None
