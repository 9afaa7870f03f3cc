"""Look host names up on threads of their own, where names that hang leave room for the others."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Final
from weakref import WeakValueDictionary

from aiohttp.abc import AbstractResolver, ResolveResult

AT_ONCE: Final = 64
AT_ONCE_PER_HOST: Final = 8

# Whether the look-up of this task's call has yet to begin: if it never does, that says nothing of the host.
in_line: ContextVar[bool] = ContextVar("in_line", default=False)


class Resolver(AbstractResolver):
    """Look up so many names at once and no more, and only a few of them for one host; the others wait in line.

    A look-up that nobody waits for any longer keeps its place: it still has its thread.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look-up")
        self._places = asyncio.Semaphore(AT_ONCE)
        self._places_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._under_way: set[asyncio.Future[list[ResolveResult]]] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        in_line.set(True)
        of_host = self._places_of.setdefault(host, asyncio.Semaphore(AT_ONCE_PER_HOST))
        await of_host.acquire()
        try:
            await self._places.acquire()
        except asyncio.CancelledError:
            of_host.release()
            raise
        in_line.set(False)

        def done(look_up: asyncio.Future[list[ResolveResult]]) -> None:
            self._under_way.remove(look_up)
            self._places.release()
            of_host.release()

        look_up = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port, family)
        self._under_way.add(look_up)
        look_up.add_done_callback(done)
        return await asyncio.shield(look_up)

    async def close(self) -> None:
        """Forget what is under way: its threads end by themselves."""
        for look_up in self._under_way:
            look_up.cancel()
        self._threads.shutdown(wait=False)


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    """Return the addresses of a name, with the zone where one belongs to it."""
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0],
            port=port,
            family=kind,
            proto=proto,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _, proto, _, address in found
    ]
