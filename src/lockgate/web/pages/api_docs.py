"""The API's manual, rendered from the OpenAPI document itself: no script, no second truth."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lockgate.web.problems import STATUS_OF_CODE
from lockgate.web.respond import page

router = APIRouter()

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """One field of a body, as a row of a table; ``depth`` says how far it is nested."""

    name: str
    type: str
    required: bool
    description: str
    depth: int


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    body: tuple[Field, ...]
    example: str
    responses: tuple[tuple[str, str], ...]


@router.get("/api/docs")
def show_api_docs(request: Request) -> Response:
    """Every operation with its parameters, bodies and answers."""
    document = request.app.openapi()
    codes = sorted(STATUS_OF_CODE.items())
    return page(
        request, "api_docs.html", operations=list(operations(document)), codes=codes, info=document["info"]
    )


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of an OpenAPI document in its order."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method not in methods:
                continue
            item = methods[method]
            content = item.get("requestBody", {}).get("content", {})
            media: Mapping[str, Any] = next(iter(content.values()), {})
            schema = media.get("schema", {})
            examples = resolve(schema, document).get("examples") or [media.get("example")]
            yield Operation(
                method=method.upper(),
                path=path,
                anchor=item["operationId"],
                summary=item.get("summary", ""),
                description=item.get("description", ""),
                parameters=tuple(item.get("parameters", ())),
                body=tuple(fields(schema, document)),
                example=json.dumps(examples[0], indent=2, ensure_ascii=False) if examples[0] else "",
                responses=tuple(
                    (code, resolve(answer, document)["description"])
                    for code, answer in sorted(item["responses"].items())
                ),
            )


def resolve(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema a reference points to; any other schema itself."""
    while "$ref" in schema:
        _, part, kind, name = schema["$ref"].split("/")
        schema = document[part][kind][name]
    return schema


def type_in_words(schema: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """A schema's type, short: ``string (date)``, ``list of Transaction``, ``"yes" | "no"``."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(type_in_words(part, document) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return "list of " + type_in_words(schema.get("items", {}), document)
    kind = str(schema.get("type", "any"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def fields(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> Iterator[Field]:
    """The fields of an object, nested ones below their own; at most three deep."""
    found = resolve(schema, document)
    if found.get("type") == "array":
        yield from fields(found.get("items", {}), document, depth)
        return
    required = found.get("required", ())
    for name, part in found.get("properties", {}).items():
        description = part.get("description") or resolve(part, document).get("description", "")
        yield Field(name, type_in_words(part, document), name in required, description, depth)
        inner = next((option for option in part.get("anyOf", [part]) if option.get("type") != "null"), part)
        if depth < 2:
            yield from fields(inner, document, depth + 1)
