"""The two cookies of an API client in a browser, and the one that carries the token of a link to a form."""

from typing import Final

from django.conf import settings
from django.http import HttpResponseBase
from rest_framework_simplejwt.settings import api_settings

from accounts.models import RefreshSession
from accounts.resolver import ACCESS_COOKIE, REFRESH_COOKIE
from accounts.tokens import RefreshToken, access_token

LINK_COOKIE: Final = "link_token"
LINK_SECONDS: Final = 60 * 60
ACCESS_SECONDS: Final = int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds())
# The refresh token travels only to the calls that need it.
PATHS: Final = {ACCESS_COOKIE: "/", REFRESH_COOKIE: "/api/auth"}


def set_token_cookies(response: HttpResponseBase, session: RefreshSession, token: RefreshToken) -> None:
    """Hand both tokens of a session to the browser."""
    _set(response, ACCESS_COOKIE, access_token(session), seconds=ACCESS_SECONDS)
    _set(response, REFRESH_COOKIE, str(token), seconds=settings.REFRESH_DAYS * 24 * 60 * 60)


def delete_token_cookies(response: HttpResponseBase) -> None:
    """Make the browser forget both tokens."""
    for name, path in PATHS.items():
        response.delete_cookie(name, path=path, samesite="Lax")


def _set(response: HttpResponseBase, name: str, value: str, *, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=PATHS[name],
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def carry_link_token(response: HttpResponseBase, token: str, *, path: str) -> None:
    """Have the browser bring the token of a link along to one page, beside those of other links to theirs."""
    response.set_cookie(
        LINK_COOKIE,
        token,
        max_age=LINK_SECONDS,
        path=path,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def drop_link_token(response: HttpResponseBase, *, path: str) -> None:
    """Make the browser forget the token of a link."""
    response.delete_cookie(LINK_COOKIE, path=path, samesite="Lax")
