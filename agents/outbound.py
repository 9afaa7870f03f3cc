"""The one way out: HTTP requests to addresses that people typed in.

The guard sits where the connection is made. A name is resolved once, every address it has is checked, and a
checked one is dialled, so a name that changes its address in between gains nothing. There are no redirects,
cookies, proxies from the environment or kept connections. Private addresses are reached only with the operator's
leave (`AGENT_ALLOWED_HOSTS`, `AGENT_ALLOWED_CIDRS`).

aiohttp carries it: per token it took half the CPU of httpx, and one read of it returns all that has arrived.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import ResolveResult
from django.conf import settings

from agents import addresses
from agents.exceptions import AgentError, NotAdmitted
from agents.kinds import OutboundRequest
from agents.packing import body_of
from agents.replies import Protocol, Reply
from agents.resolver import Resolver, in_line

RETRY_PAUSE: Final = 0.2
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# Whom to tell how far the call of this task has come: nothing else reaches into the connector.
_reached: ContextVar[Callable[[str], None]] = ContextVar("_reached")
_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()


class _NothingSentError(Exception):
    """Say that no connection came about, so that a second try can do no harm."""


@asynccontextmanager
async def post(
    request: OutboundRequest,
    *,
    connect_seconds: float,
    reached: Callable[[str], None],
) -> AsyncIterator[Reply]:
    """Send one POST and give the reply; on leaving, the connection is closed.

    `reached` is told when the address was found to be one that may be dialled ("resolved") and when a connection
    came about ("connected"). There is no time-out after connecting. If no connection comes about, it is tried once
    more within `connect_seconds`. Raises `AgentError`.
    """
    try:
        url = canonical_url(request.url)
    except ValueError as error:
        raise AgentError("agent_unreachable", str(error)) from error
    fixed = {"Accept-Encoding": "identity", "User-Agent": settings.AGENT_USER_AGENT}
    if not request.form:
        fixed["Content-Type"] = "application/json"
    request = replace(request, url=url, headers={**fixed, **request.headers})
    response = await _send(request, connect_seconds, reached)
    try:
        yield Reply(response)
    finally:
        response.close()


async def close() -> None:
    """Close what the running event loop has open."""
    session = _sessions.pop(asyncio.get_running_loop(), None)
    if session:
        await session.close()


def canonical_url(url: str) -> str:
    """Return the one spelling of an agent's address under which it is stored; `ValueError` says what is wrong."""
    return addresses.canonical_url(url, require_https=settings.AGENT_REQUIRE_HTTPS)


def obstacle_at(url: str) -> str:
    """Return why the address in a stored URL may not be dialled, or nothing; what a name stands for shows in a call."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if addresses.is_literal(host):
        try:
            _policy().check(host, parts.port or DEFAULT_PORTS[parts.scheme], [host])
        except addresses.BlockedAddressError as error:
            return str(error)
    return ""


def _policy() -> addresses.Policy:
    return addresses.Policy.of(settings.AGENT_ALLOWED_HOSTS, settings.AGENT_ALLOWED_CIDRS)


class _GuardedConnector(aiohttp.TCPConnector):
    """Check every address about to be dialled.

    All connections ask `_resolve_host` for their addresses; a literal one would pass by a resolver of our own.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(Protocol, loop=self._loop)  # type: ignore[assignment] # one kind of it

    async def close(self, *, abort_ssl: bool = False) -> None:
        await super().close(abort_ssl=abort_ssl)
        await self._resolver.close()  # it was given, so aiohttp leaves it open

    async def _resolve_host(
        self, host: str, port: int, traces: Sequence[aiohttp.tracing.Trace] | None = None
    ) -> list[ResolveResult]:
        found = await super()._resolve_host(host, port, traces)
        _policy().check(host, port, [result["host"] for result in found])
        _reached.get()("resolved")
        return found


def _session() -> aiohttp.ClientSession:
    """Return the session of the running loop, which keeps nothing from one call to the next.

    A connection is not used twice: the guard is asked for every call, and no call is lost to a server that closes
    a kept connection in that very moment, which could not be repeated.
    """
    loop = asyncio.get_running_loop()
    if loop not in _sessions:
        _sessions[loop] = aiohttp.ClientSession(
            connector=_GuardedConnector(limit=0, force_close=True, use_dns_cache=False, resolver=Resolver()),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            trace_configs=[_tracing()],
        )
    return _sessions[loop]


def _tracing() -> aiohttp.TraceConfig:
    """Tell each call's `reached` when it has a connection."""
    config = aiohttp.TraceConfig()

    async def connected(session: aiohttp.ClientSession, context: Any, params: Any) -> None:
        _reached.get()("connected")

    config.on_connection_create_end.append(connected)
    return config


async def _send(request: OutboundRequest, seconds: float, reached: Callable[[str], None]) -> aiohttp.ClientResponse:
    deadline = monotonic() + seconds
    try:
        return await _send_once(request, seconds, reached)
    except _NothingSentError:
        await asyncio.sleep(RETRY_PAUSE)
    try:
        return await _send_once(request, max(deadline - monotonic(), RETRY_PAUSE), reached)
    except _NothingSentError as error:
        raise AgentError("agent_unreachable", str(error)) from error


async def _send_once(
    request: OutboundRequest, seconds: float, reached: Callable[[str], None]
) -> aiohttp.ClientResponse:
    """Send once. Raises `_NothingSentError` where a second try may help, else `AgentError`."""
    patience = aiohttp.ClientTimeout(connect=seconds)
    _reached.set(reached)
    in_line.set(False)
    try:
        return await _session().post(
            request.url, headers=request.headers, data=body_of(request), timeout=patience, allow_redirects=False
        )
    except addresses.BlockedAddressError as error:
        raise AgentError("agent_blocked_address", str(error)) from error
    except aiohttp.ConnectionTimeoutError as error:
        if in_line.get():
            seen = f"The look-up of its host name did not begin within {seconds:g} s: there were too many others."
            raise NotAdmitted("agent_busy", seen) from error
        raise AgentError("agent_unreachable", f"No connection came about within {seconds:g} s.") from error
    except aiohttp.ClientSSLError as error:
        raise AgentError("agent_unreachable", f"No secure connection came about: {error}") from error
    except aiohttp.ClientConnectorError as error:
        raise _NothingSentError(f"No connection came about: {error}") from error
    except (aiohttp.ClientError, OSError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise AgentError("agent_failed", f"The agent took the request and gave no HTTP answer: {words}") from error
