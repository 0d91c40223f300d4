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
    from uvicorn.supervisors import Multiprocess

    from lockgate.web.settings import Settings

    if db is not None:
        os.environ["LOCKGATE_DB"] = db
    os.environ.setdefault("LOCKGATE_PUBLIC_URL", f"http://{host}:{port}")
    proxies = Settings().trusted_proxies
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


def bind(config: "uvicorn.Config") -> "socket.socket":
    """The socket that the workers share."""
    import socket

    shared = config.bind_socket()
    # Connections inherit it. Without it every page waits 40 ms for the browser's acknowledgement of the headers: asyncio
    # sets it only on sockets that were made with the protocol's number, and this one was not.
    shared.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return shared
