"""What an address asks for: names that nothing reads are told, and a twin without rows still says what its columns are."""

import csv
import io
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.web.people import open_app, session_of, site_in, token_of

PLAY = Path(__file__).parents[2] / "examples" / "h200-first-batch" / "play.py"
LISTS = (
    "/cases",
    "/batches",
    "/shipments",
    "/ledger",
    "/evidence",
    "/admin",
    "/chips",
    "/sources",
    "/capability",
)
NOTHING = {
    "/chips": "q=nothing-is-called-this",
    "/sources": "q=nothing-is-called-this",
    "/evidence": "document=none",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with open_app(tmp_path_factory.mktemp("empty"), requests_per_minute=100_000) as client:
        yield client


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("played")
    registry, _ = runpy.run_path(str(PLAY))["play"](f"sqlite:///{folder}/web.db")
    registry.close()
    reports = PLAY.parent / "reports"
    with open_app(folder, evidence=reports, requests_per_minute=100_000) as client:
        yield client


def head_of(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text)), [])


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_csv_has_the_header_of_a_full_one(path: str, empty: TestClient, played: TestClient) -> None:
    roles = ("officer", "administrator")
    full = played.get(f"{path}.csv", headers=session_of(played, "both", roles)).text
    query = NOTHING.get(path, "")
    bare = empty.get(f"{path}.csv?{query}", headers=session_of(empty, "both", roles)).text
    assert len(full.splitlines()) > 1
    assert head_of(full) == head_of(bare) != []


def test_a_csv_keeps_its_figures_where_its_first_row_has_none(empty: TestClient) -> None:
    bare = next(chip.id for chip in site_in(empty).catalogue.chips() if not chip.rates)
    text = empty.get(f"/capability.csv?model=llama3.1-70b&kind=serve&chip={bare}&chip=h200-sxm&count=8").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["problem"]
    assert float(rows[1]["tokens_per_s_per_chip"]) > 0


@pytest.mark.parametrize("path", ["/chips", "/cases", "/ledger", "/evidence", "/capability", "/sources"])
def test_a_page_says_what_it_did_not_read_and_its_twin_refuses(path: str, empty: TestClient) -> None:
    cookie = session_of(empty, "both", ("officer", "administrator"))
    page = empty.get(f"{path}?zzqq=1", headers=cookie)
    assert page.status_code == 200
    assert re.search(r"<code>zzqq</code>", page.text)
    twin = empty.get(f"{path}.json?zzqq=1", headers=cookie)
    assert twin.status_code == 422
    assert twin.json()["problems"][0]["code"] == "unknown-parameter"
    assert twin.json()["problems"][0]["where"] == "query.zzqq"
    plain = empty.get(path, headers=cookie).text
    assert "not narrowed" not in plain


def test_a_typo_is_told_with_the_name_that_was_meant(empty: TestClient) -> None:
    header = token_of(empty, "machine", ("officer",))
    answer = empty.get("/api/v1/cases?stat=draft", headers=header)
    assert answer.status_code == 422
    assert answer.json()["problems"] == [
        {"message": "nothing here reads 'stat'", "code": "unknown-parameter", "where": "query.stat", "hint": "did you mean state?"}
    ]  # fmt: skip
    assert empty.get("/api/v1/cases?state=draft", headers=header).status_code == 200
    assert empty.get("/api/v1/cases?stat=draft").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/determine?item=h200-sxm&from=US&to=CN&on=2026-02-01&known_at=2026-03-01&dd_testing=yes&with_on=2025-02-01",
        "/chips?vendor=Nvidia&sort=tpp&on=2024-01-01", "/chips/h200-sxm?on=2024-01-01", "/chips?compare=h200-sxm&compare=h20-96",
        "/capability?kind=serve&model=llama3.1-70b&chip=h200-sxm&chip=h20-96&price_usd.h200-sxm=30000&log=1&count=8",
        "/cases?state=draft&queue=a&assigned_to=me&kind=import-approval&applicant=x", "/login?back=/chips",
    ],
)  # fmt: skip
def test_what_is_read_is_not_complained_about(path: str, empty: TestClient) -> None:
    page = empty.get(path, headers=session_of(empty, "both", ("officer", "administrator")))
    assert page.status_code == 200
    assert "not narrowed" not in page.text


@pytest.mark.parametrize("role", ["applicant", "lab", "auditor", "administrator"])
def test_only_those_who_advise_and_decide_weigh_evidence(role: str, empty: TestClient) -> None:
    cookie = session_of(empty, f"a-{role}", (role,))
    csrf = csrf_of(empty, cookie)
    form = {"csrf": csrf[1], "target": "x", "action": "accept", "reason": "because"}
    answer = empty.post("/evidence/decisions", data=form, headers=csrf[0])
    assert answer.status_code == 403
    file = {"file": ("a.txt", b"ByteDance was approved for 200,000 H200 chips.")}
    assert (
        empty.post("/evidence/documents", data={"csrf": csrf[1]}, files=file, headers=csrf[0]).status_code
        == 403
    )
    assert 'action="/evidence/documents"' not in empty.get("/evidence", headers=cookie).text


def csrf_of(client: TestClient, cookie: dict[str, str]) -> tuple[dict[str, str], str]:
    """A browser's cookies with the one of the form, and the form's token."""
    answer = client.get("/evidence", headers=cookie)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    form = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert form is not None
    client.cookies.clear()
    return {"cookie": f"{cookie['cookie']}; {name}={rest.partition(';')[0]}"}, form[1]


def test_a_merge_of_claims_is_taken_apart_again(played: TestClient) -> None:
    cookie = session_of(played, "adviser", ("adviser",))
    headers, csrf = csrf_of(played, cookie)
    one, two = [row["id"] for row in played.get("/evidence.json", headers=headers).json()["claims"]][:2]

    def decide(**form: str) -> int:
        answer = played.post(
            "/evidence/decisions", data={"csrf": csrf, "reason": "the same", **form}, headers=headers, follow_redirects=False
        )  # fmt: skip
        return answer.status_code

    assert decide(target=one, other=two, action="merge") == 303
    page = played.get("/evidence", headers=headers).text
    assert 'value="unmerge"' in page
    assert decide(target=one, action="unmerge") == 303
    assert 'value="unmerge"' not in played.get("/evidence", headers=headers).text
