"""Sends webhooks from a thread of the server's process."""

import logging
import threading

import httpx

from lockgate.base.errors import LockgateError
from lockgate.services.registry import Registry
from lockgate.services.webhooks import check_address, deliver_due
from lockgate.store.webhooks import WebhookRow

log = logging.getLogger("lockgate.webhooks")

TIMEOUT_S = 10


class Deliverer:
    """Delivers what is due, again and again, until it is stopped.

    Args:
        registry: Whose record.
        poll_s: Seconds between looks; 0: never (another process does it).
        allow_loopback: Whether this machine itself may be told.
    """

    def __init__(self, registry: Registry, poll_s: float, allow_loopback: bool) -> None:
        self.registry = registry
        self.poll_s = poll_s
        self.allow_loopback = allow_loopback
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        if self.poll_s:
            self._thread.start()

    def stop(self) -> None:
        """End; a delivery under way is finished first."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT_S + 5)

    def _run(self) -> None:
        while not self._ended.wait(self.poll_s):
            try:
                deliver_due(self.registry, self.send)
            except LockgateError as error:
                log.warning("webhooks wait: %s", error.message)
            except Exception:  # nothing may end the thread
                log.warning("webhooks wait", exc_info=True)

    def send(self, row: WebhookRow, body: bytes, headers: dict[str, str]) -> str:
        """Send one delivery to the address that was checked, and to no other; redirects are not followed."""
        try:
            address = check_address(row.url, allow_loopback=self.allow_loopback)
            url = httpx.URL(row.url)
            host = url.netloc.decode()
            pinned = url.copy_with(host=address.ip, port=address.port)
            with httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
                request = client.build_request(
                    "POST", pinned, content=body, headers={**headers, "host": host},
                    extensions={"sni_hostname": address.host},
                )  # fmt: skip
                answer = client.send(request, stream=True)
                status = answer.status_code
                answer.close()
        except LockgateError as error:
            return error.message
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: the receiver does not answer"
        return "" if 200 <= status < 300 else f"the receiver answered {status}"
