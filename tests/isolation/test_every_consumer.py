"""Every socket is declared, lets its owner in, and tells everybody else the same as for a chat that does not exist."""

import asyncio
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings

from accounts.actions.clients import open_refresh_session
from accounts.tokens import access_token
from config.routing import websocket_urlpatterns
from sharing.leases import join
from sharing.models import Share
from sharing.tokens import ShareToken
from tenants.database import in_database
from tenants.middleware import PrincipalSocketMiddleware
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.isolation.conftest import World
from tests.sharing.visiting import MALFORMED

pytestmark = pytest.mark.django_db(transaction=True)

SIGNED_OUT, NO_PLACE, NO_SUCH_CHAT = 4401, 4403, 4404
EVERYBODY = ("owner", "admin", "teammate", "outsider", "other_admin", "operator", "anonymous")
SOCKETS = {
    "ws/chats/<uuid:chat_id>": {
        "owner": None,
        "admin": NO_SUCH_CHAT,
        "teammate": NO_SUCH_CHAT,
        "outsider": NO_SUCH_CHAT,
        "other_admin": NO_SUCH_CHAT,
        "operator": NO_SUCH_CHAT,
        "anonymous": SIGNED_OUT,
    },
    # A room asks for a place in it, never for who somebody is.
    "ws/share/<str:token>": dict.fromkeys(EVERYBODY, NO_PLACE) | {"visitor": None, "their_visitor": NO_PLACE},
    "": {},  # refuses the handshake at any other address
}
ROLES = SOCKETS["ws/chats/<uuid:chat_id>"]
application = PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns))
ORIGIN = (b"origin", b"http://testserver")


def test_every_socket_is_declared() -> None:
    assert {str(pattern.pattern) for pattern in websocket_urlpatterns} == SOCKETS.keys()


def bearer(cast: Cast, role: str) -> list[tuple[bytes, bytes]]:
    if role == "anonymous":
        return []
    session, _ = open_refresh_session(user=getattr(cast, role), user_agent="socket")
    return [(b"authorization", f"Bearer {access_token(session)}".encode())]


async def frames_at(path: str, headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    """Return what the socket says until it is closed, or falls silent."""
    socket = WebsocketCommunicator(application, path, headers=[(b"host", b"testserver"), *headers])
    frames: list[dict[str, Any]] = []
    await socket.send_input({"type": "websocket.connect"})
    try:
        while not frames or frames[-1]["type"] != "websocket.close":
            frames.append(await asyncio.wait_for(socket.receive_output(timeout=5), 0.4 if frames else 5))
    except TimeoutError:
        pass
    socket.future.cancel()
    return frames


REFUSED = -1  # before the socket is open


def close_code(frames: list[dict[str, Any]]) -> int | None:
    return frames[-1].get("code") if frames[-1]["type"] == "websocket.close" else None


@pytest.mark.parametrize("role", ROLES)
async def test_a_chats_socket_answers_as_declared(world: World, cast: Cast, role: str) -> None:
    headers = await in_database(bearer, cast, role)
    frames = await frames_at(f"/ws/chats/{world.ours.chat.pk}", headers)
    assert frames[0]["type"] == "websocket.accept"
    assert close_code(frames) == ROLES[role]


def at_the_door(cast: Cast, world: World, role: str) -> list[tuple[bytes, bytes]]:
    """Return what somebody shows at our room: a place there, a place in another room, or who they are."""
    if "visitor" not in role:
        return bearer(cast, role)
    side = world.ours if role == "visitor" else world.theirs
    with tenant_scope(side.rows[Share].team_id):
        return [(b"authorization", f"Share {join(side.rows[Share]).token}".encode())]


@pytest.mark.parametrize("role", SOCKETS["ws/share/<str:token>"])
async def test_a_rooms_socket_answers_as_declared(world: World, cast: Cast, role: str) -> None:
    headers = await database_sync_to_async(at_the_door)(cast, world, role)
    frames = await frames_at(f"/ws/share/{world.ours.rows[Share].token}", headers)
    assert frames[0]["type"] == "websocket.accept"
    assert close_code(frames) == SOCKETS["ws/share/<str:token>"][role]


async def test_a_place_in_one_room_tells_nothing_of_links_that_do_not_exist(world: World, cast: Cast) -> None:
    headers = await database_sync_to_async(at_the_door)(cast, world, "visitor")
    unknown = [ShareToken.new(team.id).text for team in (cast.team, cast.other_team)]
    malformed = [quote(token) for token in MALFORMED if "/" not in token]
    answers = [await frames_at(f"/ws/share/{token}", headers) for token in (*unknown, "x" * 43, *malformed)]
    assert close_code(answers[0]) == NO_SUCH_CHAT
    assert answers == answers[:1] * len(answers)


@pytest.mark.parametrize("role", [role for role, code in ROLES.items() if code])
async def test_a_foreign_chat_is_a_chat_that_does_not_exist(world: World, cast: Cast, role: str) -> None:
    headers = await in_database(bearer, cast, role)
    answers = [await frames_at(f"/ws/chats/{pk}", headers) for pk in (world.ours.chat.pk, uuid4(), UUID(int=0))]
    assert answers[0] == answers[1] == answers[2]


async def test_another_address_is_refused_before_the_handshake(world: World, cast: Cast) -> None:
    headers = await in_database(bearer, cast, "owner")
    for path in ("/", "/ws/chats/", "/ws/chats/not-an-id", "/ws/other/1"):
        assert await frames_at(path, headers) == [{"type": "websocket.close"}]


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        (b"http://testserver", None),
        (b"https://testserver", REFUSED),
        (b"http://testserver:8001", REFUSED),
        (b"https://evil.example", REFUSED),
        (b"null", REFUSED),
        (None, SIGNED_OUT),
    ],
)
async def test_a_cookie_counts_only_from_our_own_pages(
    world: World,
    cast: Cast,
    sits: Any,
    origin: bytes | None,
    code: int | None,
) -> None:
    client = await in_database(sits, cast.owner)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()
    headers = [(b"cookie", cookie), *([(b"origin", origin)] if origin else [])]
    frames = await frames_at(f"/ws/chats/{world.ours.chat.pk}", headers)
    if code is REFUSED:
        assert frames == [{"type": "websocket.close"}]
    else:
        assert frames[0]["type"] == "websocket.accept"
        assert close_code(frames) == code
