"""Enter the team of whoever is asking, for HTTP and for sockets."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.http.response import HttpResponseBase
from django.utils.datastructures import CaseInsensitiveMapping
from django.utils.module_loading import import_string

from tenants.exceptions import CrossOrigin
from tenants.scope import tenant_scope

GetResponse = Callable[[HttpRequest], HttpResponseBase]
ASGIApp = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Any]
HEADER_SCHEMES = ("bearer ", "share ")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def principal_resolver() -> ModuleType:
    """Return the module that tells who is asking: `from_request`, `from_handshake`, `asking`."""
    return import_module(settings.PRINCIPAL_RESOLVER)


def origin_is_ours(origin: str, host: str, *, secure: bool) -> bool:
    """Tell whether an Origin is this site (scheme, host and port) or one the operator listed."""
    return origin == f"{'https' if secure else 'http'}://{host}" or origin in _listed_origins()


def _listed_origins() -> set[str]:
    base = urlsplit(settings.BASE_URL)
    return {
        *settings.CORS_ALLOWED_ORIGINS,
        *settings.CSRF_TRUSTED_ORIGINS,
        f"{base.scheme}://{base.netloc}",
    }


class CrossOriginProtection:
    """Refuse an unsafe request that a browser sent from another site.

    A browser says so in `Sec-Fetch-Site`, an older one in `Origin`; a program sends neither and passes. A request
    whose credential stands in a header of ours passes too: another site cannot make a browser send one. (Basic
    credentials do not count: a browser adds them by itself once a proxy in front has asked for them.)
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.error_response = import_string("config.errors.error_response")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and self._is_foreign(request):
            response: HttpResponseBase = self.error_response(request, CrossOrigin())
            return response
        return self.get_response(request)

    @staticmethod
    def _is_foreign(request: HttpRequest) -> bool:
        headers = request.headers
        if headers.get("Authorization", "").lower().startswith(HEADER_SCHEMES) or "X-Api-Key" in headers:
            return False
        origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")
        if site not in {"same-origin", "none"}:
            return origin not in {*settings.CORS_ALLOWED_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS}
        if origin == "null" and site == "same-origin":  # a form of a page of ours that tells no referrer
            return False
        return origin is not None and not origin_is_ours(origin, request.get_host(), secure=request.is_secure())


class PrincipalMiddleware:
    """Find out who is asking and hold the request to their team.

    Sync on purpose and innermost: Django then runs the whole chain and the view in one thread.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        resolver = principal_resolver()
        principal = resolver.from_request(request)
        request.principal = principal  # type: ignore[attr-defined]
        with ExitStack() as stack:
            stack.enter_context(resolver.asking(request, principal))
            if principal is not None:
                stack.enter_context(tenant_scope(principal.team_id))
                if principal.is_person:  # to pages and the admin a key is nobody
                    request.user = principal.user
            return self.get_response(request)


class PrincipalSocketMiddleware:
    """The same for a WebSocket: `scope["principal"]` is who connects, or None.

    `scope["cookies"]` holds those that count, `scope["headers_joined"]` the headers by name. A cookie counts only with
    an `Origin` of ours, since any page can make a browser open a socket with it. The consumer enters the scope itself,
    at each step.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = _joined(scope["headers"])
        origin = headers.get("origin")
        forwarded = headers.get("x-forwarded-proto", "") if settings.TRUSTED_PROXY_COUNT else ""
        secure = (forwarded.partition(",")[0].strip() or scope.get("scheme")) in {"wss", "https"}
        cookies_count = origin is not None and origin_is_ours(origin, headers.get("host", ""), secure=secure)
        peer, _ = scope.get("client") or ("", 0)
        principal = await principal_resolver().from_handshake(headers, peer=peer, cookies_count=cookies_count)
        if principal is None and "cookie" in headers and origin is not None and not cookies_count:
            await send({"type": "websocket.close"})  # before it is open: another site learns nothing at all
            return
        cookies = parse_cookie(headers.get("cookie", "") if cookies_count else "")
        known = {"principal": principal, "headers_joined": headers, "cookies": cookies}
        await self.inner({**scope, **known}, receive, send)


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> CaseInsensitiveMapping[str]:
    """Read headers like those of a request: repeated lines of a name are one, whatever its case."""
    values: dict[str, list[str]] = {}
    for name, value in lines:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return CaseInsensitiveMapping({name: ("; " if name == "cookie" else ",").join(values[name]) for name in values})
