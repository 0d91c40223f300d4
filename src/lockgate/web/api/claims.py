"""``POST /api/v1/claims``: what documents claim, with the words they claim it in, and where they contradict."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from lockgate.base.errors import LockgateError
from lockgate.services.document_files import document_of
from lockgate.services.read import Reading, read_documents
from lockgate.web.problems import Problem

router = APIRouter(tags=["claims"])

DOCUMENTS_MAX = 20
LETTERS_MAX = 200_000
EXAMPLE: dict[str, Any] = {
    "documents": [
        {
            "name": "report.txt",
            "text": "Nvidia may ship 400,000 H200 chips to China, a person said on 28 January 2026.",
        }
    ]
}


class GivenDocument(BaseModel):
    """A document as text."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        pattern=r"^[\w .-]+\.(txt|md|html|eml)$",
        max_length=100,
        description="A file name; its ending says what it is.",
    )
    text: str = Field(min_length=1, max_length=LETTERS_MAX, description="The document.")


class ClaimsRequest(BaseModel):
    """Documents to read together. They are not kept."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    documents: list[GivenDocument] = Field(
        min_length=1, max_length=DOCUMENTS_MAX, description="What to read."
    )


class ClaimsAnswer(BaseModel):
    """What was read."""

    documents: list[dict[str, Any]] = Field(description="Each with its title, date and publisher as found.")
    claims: list[dict[str, Any]] = Field(description="Each with the words it stands in.")
    findings: list[dict[str, Any]] = Field(
        description="Contradictions, between documents and with the record."
    )
    origins: list[dict[str, Any]] = Field(description="Which documents go back to one source.")
    problems: list[Problem] = Field(description="Documents that could not be read.")


@router.post("/claims", summary="Read documents")
def read_claims(body: ClaimsRequest) -> ClaimsAnswer:
    """Read up to 20 documents into claims and hold them against one another and the record."""
    reading, problems = Reading(), []
    for number, given in enumerate(body.documents):
        name = Path(given.name)
        try:
            reading.documents.append(
                document_of(given.text.encode(), name.with_name(f"{number + 1}-{name.name}"))
            )
        except LockgateError as error:
            problems += [
                Problem(message=item.message, code=item.code, where=item.path, hint=item.hint)
                for item in error.within("documents", number).problems
            ]
    found = read_documents(reading).as_dict()
    return ClaimsAnswer.model_validate({**found, "problems": problems})
