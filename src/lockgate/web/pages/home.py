"""The start page, the reader's preferences, and help."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lockgate.web import i18n
from lockgate.web.respond import KEYS_COOKIE, THEME_COOKIE, page

router = APIRouter()

ONE_YEAR_S = 365 * 24 * 3600
THEMES = ("light", "dark")


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
    keys: Annotated[str, Form()] = "",
) -> Response:
    """Remember the reader's language, theme or use of single keys and go back where they were."""
    # Only a path of this server: "//host" and "https:" would lead away from it.
    target = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(target, 303)
    secure = request.app.state.site.settings.secure_cookies
    chosen = (
        (i18n.COOKIE, language, i18n.LANGUAGES),
        (THEME_COOKIE, theme, THEMES),
        (KEYS_COOKIE, keys, ("on", "off")),
    )
    for name, value, known in chosen:
        if value in known:
            response.set_cookie(name, value, max_age=ONE_YEAR_S, samesite="lax", secure=secure, httponly=True)
    if theme == "auto":  # as the reader's system has it
        response.delete_cookie(THEME_COOKIE, samesite="lax", secure=secure, httponly=True)
    return response
