"""Print the address, the demo sign-ins and a key once the server really answers."""

import http.client
import os
import time

from scripts.address import Address
from scripts.console import say

PATIENCE_SECONDS = 60


def announce_when_ready(address: Address, demo: dict[str, object]) -> None:
    """Watch from a process of its own: this one is about to become the server."""
    server = os.getpid()
    if os.fork():
        os.wait()
        return
    # A second fork leaves the watcher without a parent that would have to collect it.
    if os.fork() == 0 and answers(address, server):
        say(welcome(address, demo))
    os._exit(0)


def answers(address: Address, server: int) -> bool:
    """Poll until the server is up, gone, or slower than anyone would wait."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(address.reachable.host, address.port, timeout=2)
        try:
            os.kill(server, 0)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.client.OK:
                return True
        except ProcessLookupError:
            return False
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    return False


def welcome(address: Address, demo: dict[str, object]) -> str:
    """Write the last lines of `make run`."""
    lines = ["", f"Parley is ready: {address.url}", ""]
    for role, name in (("user", "email"), ("admin", "email"), ("operator", "username")):
        account = demo.get(role)
        if isinstance(account, dict):
            password = account["password"] or "(changed since)"
            lines.append(f"  {role:<9} {account[name]}  password {password}")
    if "api_key" in demo:
        lines.append(f"  {'API key':<9} {demo['api_key']}  (of user)")
    return "\n".join([*lines, "", "Ctrl-C stops it; the data stays."])
