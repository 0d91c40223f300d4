"""A client of the API: typed answers, every problem as the error the library itself raises, writes that are safe to repeat.

>>> client = Client("http://127.0.0.1:8080", token="lg_…")
>>> client.close()
"""

import hmac
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.web.api.allocate import AllocateAnswer
from lockgate.web.api.batches import RoundAnswer
from lockgate.web.api.capability import CompareAnswer, FleetAnswer, PlanAnswer
from lockgate.web.api.chips import ChipAnswer, ChipList
from lockgate.web.api.determine import DeterminationAnswer, DetermineAnswer
from lockgate.web.api.estimate import EstimateAnswer
from lockgate.web.api.law import ProvisionAnswer
from lockgate.web.api.ledger import AccountDetails, AccountList, Written
from lockgate.web.api.sources import SourceAnswer
from lockgate.web.api.webhooks import WebhookMade
from lockgate.web.problems import ProblemDetails

Model = TypeVar("Model", bound=BaseModel)
ATTEMPTS = 4
PAUSE_MAX_S = 30.0
FRESH_S = 300
"""A delivery older than this is refused: somebody may be sending it again."""


class Client:
    """A connection to an installation.

    Reads are tried again where the connection breaks or the service asks to wait; so are writes, under the same
    ``Idempotency-Key``, so that nothing is done twice. Chips, provisions and sources are asked for once and then only
    whether they changed.

    Args:
        base_url: Address of the installation.
        token: An API token; empty: as the public.
        http: An httpx client to use instead, for a proxy or a test.
        pause_s: Seconds before the first repetition; each further one doubles it.
    """

    def __init__(
        self, base_url: str, token: str = "", *, http: httpx.Client | None = None, pause_s: float = 0.5
    ) -> None:
        self._http = http or httpx.Client(base_url=base_url, timeout=60)
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._pause_s = pause_s
        self._known: dict[str, tuple[str, Any]] = {}

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------- the public part
    def chips(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Every accelerator, page after page; ``vendor`` and ``country`` narrow it."""
        after = ""
        while True:
            found = ChipList.model_validate(self._read("/chips", **filters, after=after))
            yield from found.chips
            if found.next is None:
                return
            after = found.next

    def chip(self, chip_id: str) -> ChipAnswer:
        """Everything known about an accelerator."""
        return self._typed(ChipAnswer, self._read(f"/chips/{chip_id}"))

    def provision(self, provision_id: str) -> ProvisionAnswer:
        """A provision with its versions."""
        return self._typed(ProvisionAnswer, self._read(f"/provisions/{provision_id}"))

    def source(self, source_id: str) -> SourceAnswer:
        """A source with what rests on it."""
        return self._typed(SourceAnswer, self._read(f"/sources/{source_id}"))

    def determine(
        self, transactions: Iterable[Mapping[str, Any]], **options: Any
    ) -> list[DeterminationAnswer]:
        """What each gate says of transactions; ``on``, ``known_at``, ``with_proposed``, ``explain``."""
        body = {"transactions": [dict(row) for row in transactions], **options}
        return self._typed(DetermineAnswer, self._ask("POST", "/determine", json=body)).answers

    def estimate(self, jobs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What jobs take, with intervals."""
        body = {"jobs": [dict(job) for job in jobs]}
        return self._typed(EstimateAnswer, self._ask("POST", "/estimate", json=body)).answers

    def plan(self, job: Mapping[str, Any]) -> PlanAnswer:
        """The best layout of a job, the front, and why the others lose."""
        return self._typed(PlanAnswer, self._ask("POST", "/plan", json={"job": dict(job)}))

    def compare(self, job: Mapping[str, Any], chips: Iterable[str]) -> list[dict[str, Any]]:
        """The same job on each chip; ratios are to the first."""
        body = {"job": dict(job), "chips": list(chips)}
        return self._typed(CompareAnswer, self._ask("POST", "/compare", json=body)).chips

    def fleet(self, lots: Iterable[Mapping[str, Any]], **options: Any) -> FleetAnswer:
        """What an allotment serves, trains and costs; ``serve``, ``train``, ``against``, ``years`` and so on."""
        body = {"lots": [dict(lot) for lot in lots], **options}
        return self._typed(FleetAnswer, self._ask("POST", "/fleet", json=body))

    def allocate(
        self, rule: str | Mapping[str, Any], supply: int, requests: Iterable[Mapping[str, Any]]
    ) -> AllocateAnswer:
        """The dry run of a round of allocation."""
        body = {"rule": rule, "supply": supply, "requests": [dict(row) for row in requests]}
        return self._typed(AllocateAnswer, self._ask("POST", "/allocate", json=body))

    # ------------------------------------------------------------------------------------------- the record
    def accounts(self, prefix: str = "") -> AccountList:
        """The first 500 accounts whose id begins so."""
        return self._typed(
            AccountList, self._ask("GET", "/ledger/accounts", params={"prefix": prefix, "limit": 500})
        )

    def account(self, account: str) -> AccountDetails:
        """An account with its reservations and latest postings."""
        return self._typed(AccountDetails, self._ask("GET", f"/ledger/accounts/{account}"))

    def post(self, postings: Iterable[Mapping[str, Any]], *, note: str = "", key: str = "") -> Written:
        """Make postings, all or none, once."""
        body = {"postings": [dict(row) for row in postings], "note": note}
        return self._typed(Written, self._write("POST", "/ledger/postings", key, json=body))

    def open_batch(
        self, case_id: str, batch: str, quantity: int, rule: str, *, key: str = "", **more: str
    ) -> Written:
        """Release a part of an approval; ``line`` and ``programme`` where they matter."""
        body = {"case_id": case_id, "batch": batch, "quantity": quantity, "rule": rule, **more}
        return self._typed(Written, self._write("POST", "/batches", key, json=body))

    def preview_round(self, batch: str, rule: str = "") -> RoundAnswer:
        """The dry run of a batch's next round."""
        return self._typed(RoundAnswer, self._ask("GET", f"/batches/{batch}/preview", params={"rule": rule}))

    def propose_round(self, batch: str, *, key: str = "") -> RoundAnswer:
        """Put the next round of a batch before another person."""
        return self._typed(RoundAnswer, self._write("POST", f"/batches/{batch}/rounds", key))

    def add_webhook(self, url: str, types: Iterable[str] = (), *, key: str = "") -> WebhookMade:
        """Be told of events from now on; the answer holds the secret."""
        body = {"url": url, "types": list(types)}
        return self._typed(WebhookMade, self._write("POST", "/webhooks", key, json=body))

    # ------------------------------------------------------------------------------------------- underneath
    def _typed(self, model: type[Model], body: Any) -> Model:
        try:
            return model.model_validate(body)
        except ValidationError as error:
            raise LockgateError(
                "the service answers in another shape than this client knows",
                code="unknown-answer",
                hint="use the client of the service's version",
            ) from error

    def _read(self, path: str, **query: str) -> Any:
        """A catalogue read, answered from memory where the service says that nothing changed."""
        params = {name: value for name, value in query.items() if value}
        place = f"{path}?{sorted(params.items())}"
        known = self._known.get(place)
        headers = {"if-none-match": known[0]} if known else {}
        answer = self._send("GET", path, params=params, headers=headers)
        if answer.status_code == 304 and known:
            return known[1]
        body = answer.json()
        if tag := answer.headers.get("etag"):
            self._known[place] = (tag, body)
        return body

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        return self._send(method, path, **options).json()

    def _write(self, method: str, path: str, key: str, **options: Any) -> Any:
        headers = {"idempotency-key": key or secrets.token_urlsafe(24)}
        return self._ask(method, path, headers=headers, **options)

    def _send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send, again where that may help.

        Raises:
            InvalidInputError: The problems that the service names.
            LockgateError: ``unavailable``, where it cannot be reached.
        """
        merged = {**self._headers, **(headers or {})}
        for attempt in range(1, ATTEMPTS + 1):
            pause_s = min(PAUSE_MAX_S, self._pause_s * 2 ** (attempt - 1))
            try:
                answer = self._http.request(method, f"/api/v1{path}", headers=merged, **options)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS:
                    raise LockgateError(
                        f"the service does not answer: {error}", code="unavailable", hint="try again later"
                    ) from error
            else:
                if answer.status_code not in (429, 503) or attempt == ATTEMPTS:
                    if answer.status_code >= 400:
                        raise problems_of(answer)
                    return answer
                pause_s = min(
                    PAUSE_MAX_S,
                    max(pause_s, float(answer.headers.get("retry-after", 0)) * bool(self._pause_s)),
                )
            time.sleep(pause_s)
        raise LockgateError("the service does not answer", code="unavailable")  # pragma: no cover


def problems_of(answer: httpx.Response) -> LockgateError:
    """The error that an answer tells."""
    try:
        told = ProblemDetails.model_validate_json(answer.content)
    except ValidationError:
        return LockgateError(f"the service answered {answer.status_code}", code="unexpected")
    return InvalidInputError(
        [
            LockgateError(item.message, code=item.code, where=item.where, hint=item.hint)
            for item in told.problems
        ]
    )


def check_delivery(
    secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float | None = None
) -> str:
    """Make sure that a webhook's delivery comes from the installation; returns its id, by which a repetition is known.

    Args:
        secret: The webhook's.
        headers: Of the request.
        body: Of the request, byte for byte.
        now_s: Seconds since 1970; the clock's where left out.

    Raises:
        LockgateError: ``bad-signature``.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get("lockgate-timestamp", "")
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()
    right = hmac.compare_digest(f"v1={signed}".encode(), given.get("lockgate-signature", "").encode())
    moment = time.time() if now_s is None else now_s
    if not right or not timestamp.isdecimal() or abs(moment - int(timestamp)) > FRESH_S:
        raise LockgateError("the delivery is not from this installation, or is old", code="bad-signature")
    return given.get("lockgate-delivery", "")
