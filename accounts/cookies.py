"""The two cookies of an API client in a browser."""

from typing import Final

from django.conf import settings
from django.http import HttpResponseBase
from rest_framework_simplejwt.settings import api_settings

from accounts.models import RefreshSession
from accounts.resolver import ACCESS_COOKIE, REFRESH_COOKIE
from accounts.tokens import RefreshToken, access_token

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
