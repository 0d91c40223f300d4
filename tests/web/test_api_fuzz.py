"""The API against its own description: whatever is sent, the answer is one the description promises, and never a defect.

The examples are drawn from a fixed seed, so that a run that fails fails again.
"""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from lockgate.web.app import create_app
from lockgate.web.settings import Settings
from tests.web.people import ROLES, open_app, token_of

EXAMPLES = 12
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            # A body that fits the schema can still name a rule or an account that is not there: that is 422 with where
            # and what. Every other check of schemathesis holds as it comes.
            "positive_data_acceptance": {"expected-statuses": ["2xx", 304, 401, 403, 404, 409, 412, 422]}
        }
    }
)
DOCUMENT = create_app(Settings(db="sqlite:///unused.db")).openapi()
OPERATIONS = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch, open_app(folder, requests_per_minute=1_000_000) as client:
        patch.setattr(socket, "getaddrinfo", find_nothing)  # a test asks nobody for a name
        yield client


def find_nothing(*_: object, **__: object) -> Any:
    raise OSError("no such name")


@pytest.fixture(scope="module")
def bearer(opened: TestClient) -> dict[str, str]:
    return token_of(opened, "fuzz", ROLES, organisation="fuzz")


@pytest.fixture(scope="module")
def description(opened: TestClient, bearer: dict[str, str]) -> Any:
    found = schemathesis.openapi.from_asgi("/openapi.json", opened.app, config=CONFIG)

    class Token:
        def get(self, case: Any, context: Any) -> str:
            return bearer["authorization"]

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers["Authorization"] = data

    found.auth()(Token)
    return found


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        pytest.param(method, path, mode, id=f"{method} {path} {mode.value}")
        for method, path in OPERATIONS
        for mode in GenerationMode
    ],
)
def test_every_answer_is_described(description: Any, method: str, path: str, mode: GenerationMode) -> None:
    @given(case=description[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        case.call_and_validate()

    try:
        ask()
    except Unsatisfiable:  # any text is a right path and nothing else is asked: there is nothing to get wrong
        assert mode is GenerationMode.NEGATIVE
        assert not DOCUMENT["paths"][path][method.lower()].get("requestBody")


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_other_methods_are_refused_with_those_allowed(opened: TestClient, path: str) -> None:
    for method in ("PATCH", "TRACE", "DELETE"):
        if method.lower() in DOCUMENT["paths"][path]:
            continue
        answer = opened.request(method, path)
        assert answer.status_code == 405
        allowed = {name.strip().lower() for name in answer.headers["allow"].split(",")}
        assert allowed - {"head"} == set(DOCUMENT["paths"][path])
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("determine", {"transactions": [{"item": "h200-sxm"}], "explain": 1}),
        ("determine", {"transactions": [{"item": "h200-sxm"}], "with_proposed": "yes"}),
        ("allocate", {"rule": "by-day", "supply": "8", "requests": [{"recipient": "a", "quantity": 8}]}),
        ("allocate", {"rule": "by-day", "supply": True, "requests": [{"recipient": "a", "quantity": 8}]}),
        ("allocate", {"rule": "by-day", "supply": 8, "requests": [{"recipient": "a", "quantity": "8"}]}),
        ("allocate", {"rule": "by-day", "supply": 8, "requests": [{"quantity": 8}]}),
    ],
)
def test_a_value_of_another_kind_is_refused(opened: TestClient, path: str, body: dict[str, Any]) -> None:
    answer = opened.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["problems"][0]["where"].startswith("body.")


@pytest.mark.parametrize("path", ["/api/v1/determine/stream", "/api/v1/estimate/stream"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", "application/x-ndjson"), (b"\n \n", "application/x-ndjson"), (b"[]", "application/json"),
     (b"{}", "application/json"), (b"[1]", "application/json"), (b"[", "application/json")],
)  # fmt: skip
def test_a_stream_without_rows_is_refused(opened: TestClient, path: str, body: bytes, kind: str) -> None:
    answer = opened.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-json"


def test_a_stream_takes_lines_or_an_array(opened: TestClient) -> None:
    rows = [
        {"id": "a", "item": "h200-sxm", "kind": "export", "from": "US", "to": "CN", "on": "2026-01-28"},
        {"item": "?"},
    ]
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    by_lines = opened.post("/api/v1/determine/stream", content=lines)
    by_array = opened.post("/api/v1/determine/stream", json=rows)
    assert by_lines.text == by_array.text
    first, second = (json.loads(line) for line in by_lines.text.splitlines())
    assert first["id"] == "a"
    assert second["line"] == 2


def test_every_operation_says_how_it_refuses_and_who_may_ask() -> None:
    for method, path in OPERATIONS:
        operation = DOCUMENT["paths"][path][method.lower()]
        assert {"401", "403", "404", "422", "429", "503"} <= set(operation["responses"]), path
        assert operation["summary"]
        assert operation["security"] in ([{}, {"token": []}], [{"token": []}])
        if method != "GET" and operation["security"] == [{"token": []}]:
            names = {parameter["name"] for parameter in operation["parameters"] if parameter["required"]}
            assert "idempotency-key" in names, path
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body:
            shape = body["schema"]
            if "$ref" in shape:
                shape = DOCUMENT["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
            assert shape.get("examples") or body.get("examples") or body.get("example"), (method, path)


def test_the_examples_of_what_is_open_to_all_work(opened: TestClient) -> None:
    tried = 0
    for method, path in OPERATIONS:
        operation = DOCUMENT["paths"][path][method.lower()]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if not body or operation["security"] == [{"token": []}] or "$ref" not in body["schema"]:
            continue
        shape = DOCUMENT["components"]["schemas"][body["schema"]["$ref"].rsplit("/", 1)[1]]
        for example in shape["examples"]:
            answer = opened.request(method, path, json=example)
            assert answer.status_code == 200, (path, answer.text)
            assert all(
                "problems" not in row or not row["problems"] for row in answer.json().get("answers", ())
            )
            tried += 1
    assert tried >= 4
