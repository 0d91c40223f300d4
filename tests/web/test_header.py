"""What every page carries: who it is for, the reader's own settings, a link to it as it stands; what is compared and chosen."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.web.people import open_app, session_of

DEAL = "item=h200-sxm&kind=export&from=US&to=CN&on=2026-02-01"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with open_app(tmp_path_factory.mktemp("header"), contact="mailto:desk@example.org") as opened:
        yield opened


def test_a_page_says_whom_it_is_for_and_as_whom_it_is_read(client: TestClient) -> None:
    officer = session_of(client, "officer", ("officer",))
    for path, words in (
        ("/cases", "commercial-confidential"),
        ("/account", "internal"),
        ("/chips", "public"),
    ):
        marking = re.search(r'<p class="marking wrap">(.*?)</p>', client.get(path, headers=officer).text)
        assert marking is not None
        assert words in marking[1]
        assert "officer" in marking[1]
    assert 'class="marking' not in client.get("/chips").text


def test_the_link_to_a_page_holds_both_dates_and_everything_chosen(client: TestClient) -> None:
    page = client.get("/chips?compare=h200-sxm&compare=h20-96&on=2026-02-01").text
    link = re.search(r'<a href="([^"]+)" data-copy', page)
    assert link is not None
    address = link[1].replace("&amp;", "&")
    assert address.count("compare=") == 2
    assert re.search(r"on=2026-02-01&known_at=\d{4}-\d\d-\d\d$", address)
    assert "H20 96GB" in client.get(address).text
    back = re.search(r'name="back" value="([^"]+)"', page)
    assert back is not None
    assert back[1].count("compare=") == 2, "changing the language keeps both chips"
    assert "mailto:desk@example.org" in page


def test_looks_and_keys_are_remembered_and_given_back(client: TestClient) -> None:
    client.cookies.clear()
    page = client.get("/help").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf is not None

    def prefer(**form: str) -> str:
        return client.post("/preferences", data={"csrf": csrf[1], "back": "/help", **form}).text

    assert 'data-theme="dark"' in prefer(theme="dark")
    assert 'data-theme="light"' in prefer(theme="light")
    assert "data-theme" not in prefer(theme="auto")
    assert 'data-keys="off"' in prefer(keys="off")
    assert "data-keys" not in prefer(keys="on")
    client.cookies.clear()


def test_a_deal_is_compared_by_date_chip_or_destination(client: TestClient) -> None:
    to_japan = client.get(f"/determine?{DEAL}&with_to=JP").text
    assert "What differs" in to_japan
    assert "us-export: verdict" in to_japan or "verdict" in to_japan
    wrong = client.get(f"/determine?{DEAL}&with_to=Atlantis")
    assert wrong.status_code == 422
    assert 'id="with_to-error"' in wrong.text
    assert "3A090.a" in wrong.text, "the answer itself is still there"
    assert client.get(f"/determine?{DEAL}&with_on=yesterday").status_code == 422
    assert client.get(f"/determine.json?{DEAL}&with_to=Atlantis").status_code in (404, 422)


def test_columns_of_the_chips_are_chosen(client: TestClient) -> None:
    page = client.get("/chips?column=tpp&column=power_w").text
    heads = re.findall(r'<th scope="col" class="number"[^>]*><a[^>]*>([^<]+)</a>', page)
    assert heads == ["TPP", "Power, W"]
    assert len(re.findall(r'<th scope="col" class="number"', client.get("/chips").text)) == 6
    assert client.get("/chips?column=colour").status_code == 422
