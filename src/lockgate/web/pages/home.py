"""The start page, the reader's preferences, and help."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lockgate.web import i18n
from lockgate.web.respond import THEME_COOKIE, page

router = APIRouter()

ONE_YEAR_S = 365 * 24 * 3600


@router.get("/")
def home(request: Request) -> Response:
    """The four questions, and where each is answered."""
    return page(request, "home.html")


@router.get("/help")
def show_help(request: Request) -> Response:
    """Keys, words and marks."""
    return page(request, "help.html")


@router.post("/preferences")
def set_preferences(
    request: Request,
    back: Annotated[str, Form()] = "/",
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
) -> Response:
    """Remember the reader's language or theme and go back where they were."""
    # Only a path of this server: "//host" and "https:" would lead away from it.
    target = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(target, 303)
    secure = request.app.state.site.settings.secure_cookies
    if language in i18n.LANGUAGES:
        response.set_cookie(
            i18n.COOKIE, language, max_age=ONE_YEAR_S, samesite="lax", secure=secure, httponly=True
        )
    if theme in ("light", "dark"):
        response.set_cookie(
            THEME_COOKIE, theme, max_age=ONE_YEAR_S, samesite="lax", secure=secure, httponly=True
        )
    return response
