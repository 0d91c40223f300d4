"""``lockgate serve``: the web application and the API."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import socket

    import uvicorn

EXIT_NOT_STARTED = 3  # as uvicorn itself ends where it cannot start


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; anything but loopback is reachable by others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8080,
    db: Annotated[
        str | None, typer.Option(help="Database URL; default sqlite:///lockgate.db.", envvar="LOCKGATE_DB")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Serve the pages and the API; an empty database is set up first."""
    import os
    import tempfile

    import uvicorn
    from pydantic import ValidationError
    from uvicorn.supervisors import Multiprocess

    from lockgate.base.errors import InvalidInputError, LockgateError, problems_from_validation
    from lockgate.services.registry import init_record
    from lockgate.web.settings import Settings

    if db is not None:
        os.environ["LOCKGATE_DB"] = db
    port = port or free_port(host)
    os.environ.setdefault("LOCKGATE_PUBLIC_URL", f"http://{shown_host(host)}:{port}")
    try:
        settings = Settings()
    except ValidationError as error:
        raise InvalidInputError([
            LockgateError(item.message, code=item.code, where=f"LOCKGATE_{item.path.upper()}", hint=item.hint)
            for item in problems_from_validation(error).problems
        ]) from None  # fmt: skip
    init_record(settings.db)[0].close()  # what is wrong with it is said here, before a server starts
    proxies = settings.trusted_proxies
    config = uvicorn.Config(
        "lockgate.web.app:create_app", factory=True, host=host, port=port, workers=workers,
        access_log=False, server_header=False, proxy_headers=bool(proxies), forwarded_allow_ips=proxies or None,
    )  # fmt: skip
    if workers == 1:
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            server.run()
        if not server.started:
            raise typer.Exit(EXIT_NOT_STARTED)
        return
    with tempfile.TemporaryDirectory(prefix="lockgate-metrics-") as folder, suppress(KeyboardInterrupt):
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)  # one /metrics of all workers
        Multiprocess(config, sockets=[bind(config)]).run()


def free_port(host: str) -> int:
    """A port that nobody listens on, for port 0: the administrator's link must name it before the server does."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def shown_host(host: str) -> str:
    """The host of a link that opens on this machine.

    >>> shown_host("0.0.0.0"), shown_host("::1"), shown_host("gate.example.org")
    ('127.0.0.1', '[::1]', 'gate.example.org')
    """
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 read, not listened on
    return f"[{local}]" if ":" in local else local


def bind(config: "uvicorn.Config") -> "socket.socket":
    """The socket that the workers share."""
    import socket

    shared = config.bind_socket()
    # Connections inherit it. Without it every page waits 40 ms for the browser's acknowledgement of the headers: asyncio
    # sets it only on sockets that were made with the protocol's number, and this one was not.
    shared.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return shared
