"""Dossier: choose a deal, the day and the sections; look at it; take the one file along."""

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, UploadFile
from starlette.responses import HTMLResponse, Response

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError
from lockgate.reports.dossier import render_dossier
from lockgate.reports.outline import Dossier
from lockgate.services.assessment import assess_deal
from lockgate.services.dossier import make_dossier
from lockgate.web.respond import page, respond
from lockgate.web.site import Site, site_of

router = APIRouter(prefix="/dossier")

# The file brings its own styles along; it holds no script and loads nothing.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
ALWAYS = "verdict"


@router.get("")
def compose(request: Request, section: Annotated[list[str], Query()] = []) -> Response:
    """The form, and the dossier below it."""
    site = site_of(request)
    if not site.settings.deal.is_file():
        return page(request, "dossier.html", dossier=None, chosen=(), on_given="", known_given="")
    on, known_at = given_days(request)
    dossier = assemble(site, site.settings.deal, on, known_at)
    chosen = set(section) or {item.id for item in dossier.sections}
    return respond(
        request, "dossier.html", data=pick(dossier, section).as_dict(), dossier=dossier, chosen=chosen,
        on_given=request.query_params.get("on", ""), known_given=request.query_params.get("known_at", ""),
    )  # fmt: skip


@router.get("/file")
def show_file(
    request: Request, section: Annotated[list[str], Query()] = [], download: bool = False
) -> Response:
    """The dossier's one file, to look at or to keep."""
    site = site_of(request)
    if not site.settings.deal.is_file():
        raise LockgateError(
            "this installation has no deal", code="not-found", hint="set LOCKGATE_DEAL, or send a deal file"
        )
    on, known_at = given_days(request)
    dossier = pick(assemble(site, site.settings.deal, on, known_at), section)
    return file_of(dossier, download=download)


@router.post("/file")
def make_file(request: Request, deal: UploadFile) -> Response:
    """The dossier of a deal file that is sent along; nothing of it is kept."""
    site = site_of(request)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deal.toml"
        path.write_bytes(deal.file.read())
        try:
            dossier = assemble(site, path, None, None)
        except LockgateError as error:
            # The path in a message is the server's own and means nothing to the sender.
            problems = tuple(replace_place(problem, str(path)) for problem in error.problems)
            return page(
                request,
                "dossier.html",
                422,
                dossier=None,
                chosen=(),
                problems=problems,
                on_given="",
                known_given="",
            )
    return file_of(dossier, download=True)


def given_days(request: Request) -> tuple[dt.date | None, dt.date | None]:
    """The two clocks of the address; the deal's own day and all that is known where not given."""
    on, known_at = request.query_params.get("on"), request.query_params.get("known_at")
    return (parse_date(on) if on else None), (parse_date(known_at) if known_at else None)


def assemble(site: Site, path: Path, on: dt.date | None, known_at: dt.date | None) -> Dossier:
    """The dossier of a deal file; made once for each day while the file stays as it is."""
    key = (str(path), path.stat().st_mtime_ns, on, known_at)
    found = site.dossiers.get(key)
    if found is None:
        found = make_dossier(assess_deal(path, site.catalogue, on=on, known_at=known_at))
        if len(site.dossiers) > 32:
            site.dossiers.clear()
        site.dossiers[key] = found
    return found


def pick(dossier: Dossier, sections: list[str]) -> Dossier:
    """The dossier with only these sections and its verdict; whole where none is named."""
    if not sections:
        return dossier
    return replace(
        dossier, sections=tuple(item for item in dossier.sections if item.id in {ALWAYS, *sections})
    )


def file_of(dossier: Dossier, *, download: bool) -> Response:
    """The one file."""
    headers = {"content-security-policy": FILE_POLICY, "x-frame-options": "SAMEORIGIN"}
    if download:
        headers["content-disposition"] = f'attachment; filename="lockgate-{dossier.on.isoformat()}.html"'
    return HTMLResponse(render_dossier(dossier), headers=headers)


def replace_place(problem: LockgateError, path: str) -> LockgateError:
    """The problem without the server's own path before its place."""
    where = tuple(part for part in problem.where if part != path)
    return LockgateError(problem.message, code=problem.code, where=where, hint=problem.hint)
