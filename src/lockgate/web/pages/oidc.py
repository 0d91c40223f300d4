"""Logging in with the organisation's identity provider (OpenID Connect, authorization code with PKCE).

Source: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7.
"""

import json
import secrets
from typing import Any, cast

from authlib.integrations.httpx_client import OAuth2Client
from fastapi import APIRouter, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.services import access
from lockgate.web.pages.account import begin_session, own_path
from lockgate.web.settings import Settings
from lockgate.web.site import site_of

router = APIRouter()

COOKIE = "lockgate_oidc"
COOKIE_S = 600
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")


def client_of(settings: Settings, redirect_uri: str) -> OAuth2Client:
    """A client of the identity provider."""
    if not settings.oidc_issuer:
        raise LockgateError(
            "no identity provider is set",
            code="not-found",
            hint="set LOCKGATE_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET",
        )
    return OAuth2Client(
        settings.oidc_client_id, settings.oidc_client_secret.get_secret_value(), scope="openid",
        redirect_uri=redirect_uri, code_challenge_method="S256", timeout=10,
    )  # fmt: skip


def discover(client: OAuth2Client, issuer: str) -> dict[str, Any]:
    """The provider's own description; its issuer must be the one that is set.

    Raises:
        LockgateError: ``unavailable``.
    """
    try:
        answer = client.request(
            "GET", issuer.rstrip("/") + "/.well-known/openid-configuration", withhold_token=True
        )
        found: dict[str, Any] = answer.raise_for_status().json()
    except Exception as error:
        raise LockgateError(
            "the identity provider does not answer",
            code="unavailable",
            hint="try again, or log in with a password",
        ) from error
    if found.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
        raise LockgateError(
            "the identity provider calls itself by another name",
            code="unavailable",
            hint="check LOCKGATE_OIDC_ISSUER",
        )
    return found


def redirect_uri_of(request: Request) -> str:
    """Where the provider sends people back to."""
    base = site_of(request).settings.public_url or str(request.base_url).rstrip("/")
    return f"{base}/login/oidc/callback"


@router.get("/login/oidc")
def go_to_provider(request: Request, back: str = "/") -> Response:
    """Send the browser to the identity provider."""
    settings = site_of(request).settings
    with client_of(settings, redirect_uri_of(request)) as client:
        provider = discover(client, settings.oidc_issuer)
        kept = {
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "back": own_path(back),
        }
        url, _ = client.create_authorization_url(
            provider["authorization_endpoint"],
            state=kept["state"],
            nonce=kept["nonce"],
            code_verifier=kept["verifier"],
        )
    response = RedirectResponse(url, 303)
    response.set_cookie(
        COOKIE,
        json.dumps(kept),
        max_age=COOKIE_S,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        path="/login/oidc",
    )
    return response


@router.get("/login/oidc/callback")
def come_back(request: Request, state: str = "", code: str = "", error: str = "") -> Response:
    """Take the provider's word, check it, and start a session for the person linked to that identity."""
    settings = site_of(request).settings
    try:
        kept = json.loads(request.cookies.get(COOKIE, "{}"))
    except ValueError:
        kept = {}
    if error or not code or not state or not secrets.compare_digest(state, str(kept.get("state", ""))):
        raise LockgateError(
            "the login was not completed", code="not-allowed", hint="start it again from the login page"
        )
    with client_of(settings, redirect_uri_of(request)) as client:
        provider = discover(client, settings.oidc_issuer)
        try:
            tokens = client.fetch_token(provider["token_endpoint"], code=code, code_verifier=kept["verifier"])
            keys = client.request("GET", provider["jwks_uri"], withhold_token=True).raise_for_status().json()
            claims = check_identity(
                tokens["id_token"], keys, settings, str(provider["issuer"]), kept["nonce"]
            )
        except LockgateError:
            raise
        except Exception as failure:
            raise LockgateError(
                "the identity provider's answer cannot be trusted",
                code="not-allowed",
                hint="start again; tell an administrator if it happens again",
            ) from failure
    with site_of(request).registry.work() as work:
        row = access.log_in_by_identity(work, f"{claims['iss']}#{claims['sub']}")
    response = begin_session(request, row, kept["back"])
    response.delete_cookie(COOKIE, path="/login/oidc")
    return response


def check_identity(
    id_token: str, keys: dict[str, Any], settings: Settings, issuer: str, nonce: str
) -> dict[str, Any]:
    """The claims of an identity token whose signature, issuer, audience, time and nonce hold.

    Raises:
        LockgateError: ``not-allowed``.
    """
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(cast(Any, keys)), algorithms=list(ALGORITHMS))
        jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": settings.oidc_client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(token.claims)
    except (JoseError, ValueError) as error:
        raise LockgateError(
            f"the identity token does not hold: {error}", code="not-allowed", hint="start the login again"
        ) from error
    return dict(token.claims)
