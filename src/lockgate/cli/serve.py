"""``lockgate serve``: the web application and the API."""

from pathlib import Path
from typing import Annotated

import typer


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
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with your own chips, systems, parties, sources.", envvar="LOCKGATE_DATA"),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Serve the pages and the API; an empty database is set up first."""
    import os

    import uvicorn

    from lockgate.web.settings import Settings

    if db is not None:
        os.environ["LOCKGATE_DB"] = db
    if data is not None:
        os.environ["LOCKGATE_DATA"] = str(data)
    os.environ.setdefault("LOCKGATE_PUBLIC_URL", f"http://{host}:{port}")
    proxies = Settings().trusted_proxies
    uvicorn.run(
        "lockgate.web.app:create_app", factory=True, host=host, port=port, workers=workers,
        access_log=False, server_header=False, proxy_headers=bool(proxies), forwarded_allow_ips=proxies or None,
    )  # fmt: skip
