"""A place in a room opens that room and nothing else: no page, no call, no socket of the team."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import transaction
from django.test import Client

from sharing.leases import Seat, join
from sharing.models import Share
from sharing.queries import share_of
from sharing.visits import cookie_name
from tenants.scope import tenant_scope
from tests.isolation.conftest import World
from tests.isolation.routes import ROLES, ROUTES
from tests.isolation.test_every_consumer import SIGNED_OUT, close_code, frames_at
from tests.isolation.test_every_url import API, the_object

ANONYMOUS = ROLES.index("anonymous")
# What somebody might try to pass a place, or the link itself, off as.
WAYS = {
    "a place by its cookie": lambda share, token: {"cookie": f"{cookie_name(share.id)}={token}"},
    "a place by its header": lambda share, token: {"authorization": f"Share {token}"},
    "a place as a bearer": lambda share, token: {"authorization": f"Bearer {token}"},
    "a place as a key": lambda share, token: {"x-api-key": token},
    "a place as a sign-in": lambda share, token: {
        "cookie": "; ".join(
            f"{name}={token}"
            for name in (settings.SESSION_COOKIE_NAME, "access_token", "refresh_token", cookie_name(share.id))
        )
    },
    "the link as a bearer": lambda share, token: {"authorization": f"Bearer {share.token}"},
}


def seat_in(world: World) -> tuple[Share, Seat]:
    share = world.ours.rows[Share]
    with tenant_scope(share.team_id):
        return share, join(share_of(share.token), name="Eve")


def calls(world: World) -> Iterator[tuple[str, str, str, dict[str, Any] | None]]:
    """Yield every call about an object of ours that is not a visitor's own."""
    token = world.ours.rows[Share].token
    for route, methods in ROUTES.items():
        for method, call in methods.items():
            if "share/<str:token>" in route and method not in {"PATCH", "DELETE"} and not route.endswith("/log"):
                continue
            path = "/" + re.sub("<uuid:.*?>", str(the_object(route, world)), route)
            path = re.sub("<number:.*?>", "1", path).replace("share/<str:token>", f"share/{token}")
            body = call.body and {k: str(world.ours.agent.pk) if v == "AGENT" else v for k, v in call.body.items()}
            yield route, method, re.sub("<.*?>", "unknown", path), body


@pytest.mark.parametrize("way", [*WAYS][:3])
def test_a_place_opens_no_page_and_no_call_of_the_team(world: World, way: str) -> None:
    share, seat = seat_in(world)
    client = Client()  # one for all, as each new one loads the middleware anew
    headers = WAYS[way](share, seat.token)
    better = []
    for route, method, path, body in calls(world):
        before = transaction.savepoint()
        client.cookies.clear()
        if body is not None and not route.startswith(API):
            answer = client.post(path, body, headers=headers)
        else:
            sent = () if body is None else (json.dumps(body), "application/json")
            answer = client.generic(method, path, *sent, headers=headers)
        expected = ROUTES[route][method].answers[ANONYMOUS] if share.token not in path else 401
        text = "" if answer.streaming else answer.content.decode()
        told = [
            mark for mark in ("@ours.org", "chat of o", "said by o", '"o1"', str(world.ours.agent.pk)) if mark in text
        ]
        if answer.status_code not in {expected, 401} or told:
            better.append((route, method, answer.status_code, expected, told))
        transaction.savepoint_rollback(before)
    assert better == []


@pytest.mark.django_db(transaction=True)
async def test_a_place_opens_no_chats_socket(world: World) -> None:
    share, seat = await database_sync_to_async(seat_in)(world)
    origin = (b"origin", b"http://testserver")
    for way in WAYS.values():
        headers = [(name.encode(), value.encode()) for name, value in way(share, seat.token).items()]
        frames = await frames_at(f"/ws/chats/{world.ours.chat.pk}", [origin, *headers])
        assert close_code(frames) == SIGNED_OUT
