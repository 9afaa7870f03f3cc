"""The server breaks connections whose other end has vanished."""

import asyncio
import socket

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from config.serve import VANISHED_SECONDS, Connection


async def answers(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this platform cannot bound it")
async def test_a_connection_bounds_how_long_bytes_stay_unacknowledged():
    connection = Connection(Config(answers, log_config=None), ServerState(), {})
    async with await asyncio.get_running_loop().create_server(lambda: connection, "127.0.0.1") as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 204 " in await reader.readuntil(b"\r\n\r\n")
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == VANISHED_SECONDS * 1000
        writer.close()
