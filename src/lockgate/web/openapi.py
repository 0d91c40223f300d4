"""The description of the API: what FastAPI makes of the routes, completed by how it refuses and who may ask."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lockgate.web.guards import API_GUARDS, ERROR_STATUSES
from lockgate.web.problems import Problem, ProblemDetails

EXAMPLE_PROBLEM = {
    "type": "/api/docs#unknown-chip",
    "title": "Not Found",
    "status": 404,
    "detail": "no chip 'h2000'",
    "code": "unknown-chip",
    "request_id": "9f0c7d1e5a3b2c44",
    "problems": [
        {"message": "no chip 'h2000'", "code": "unknown-chip", "where": "", "hint": "did you mean h200-sxm?"}
    ],
}
MEANINGS = {
    400: "The body cannot be read.",
    401: "This needs a login, or the token is unknown or over.",
    403: "Roles or scope do not allow it.",
    404: "There is no such thing, or not for you.",
    409: "Somebody else did it first.",
    412: "It was edited meanwhile: read it again.",
    413: "The body is too large.",
    422: "Something in the request is wrong: every problem at once.",
    429: "Too many requests: `Retry-After` says when to come back.",
    500: "A defect of ours; nothing was saved. The body carries the reference number.",
    503: "The database or another service does not answer: `Retry-After` says when to try again.",
}


def describe_api(app: FastAPI) -> None:
    """Make ``app.openapi()`` give the completed description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(
                get_openapi(
                    title=app.title, version=app.version, description=app.description, routes=app.routes
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add to each operation every status it may answer with, as problem+json, and who may call it."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (Problem, ProblemDetails):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape, which we never send
        schemas.pop(name, None)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token, made under /account."}
    }
    components["responses"] = {f"Problem{int(status)}": problem_of(status) for status in ERROR_STATUSES}
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for status in ERROR_STATUSES:
                answers[str(int(status))] = {"$ref": f"#/components/responses/Problem{int(status)}"}
            public = all(API_GUARDS[tag].public for tag in operation.get("tags", ()) if tag in API_GUARDS)
            operation["security"] = [{}, {"token": []}] if public else [{"token": []}]
    return document


def problem_of(status: HTTPStatus) -> dict[str, Any]:
    """The answer with an error status."""
    headers: dict[str, Any] = {}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}, "required": True}
        }
    body = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    example = {
        "example": {**EXAMPLE_PROBLEM, "title": status.phrase, "status": int(status)}
        if status != 404
        else EXAMPLE_PROBLEM
    }
    return {
        "description": MEANINGS[status],
        "headers": headers,
        "content": {"application/problem+json": {**body, **example}},
    }
