"""What a visitor calls, and how a room is made to stand."""

import json

from django.utils import timezone

from chats.models import Message
from sharing.models import Participant, Share
from tenants.scope import tenant_scope

INFO = {
    "session_id",
    "title",
    "description",
    "expires_at",
    "max_concurrent_users",
    "current_users",
    "can_write",
    "history",
}
NOWHERE = "A" * 43
MALFORMED = [
    "a" * 42 + "=",
    "a" * 41 + "==",
    "a" * 20 + "=" + "a" * 22,
    *("a" * length for length in (1, 41, 42, 44, 2000)),
    "a" * 42 + "\n",
    "a" * 42 + "\0",
    "ä" * 43,
    "１" * 43,
    "a" * 42 + "%",
    "a" * 42 + "+",
    "a" * 21 + "/" + "a" * 21,
]
CALLS = [
    ("GET", "", None),
    ("POST", "/join", {}),
    ("POST", "/leave", {}),
    ("POST", "/message", {"user_message": "Hello"}),
    ("POST", "/heartbeat", {}),
    ("GET", "/stream", None),
]


def ask(client, share, method, path="", body=None, **headers):
    token = share if isinstance(share, str) else share.token
    data = "" if body is None else json.dumps(body)
    return client.generic(method, f"/mid/share/{token}{path}", data, "application/json", headers=headers)


def look(client, share, **headers):
    return ask(client, share, "GET", **headers)


def join(client, share, body=None, **headers):
    return ask(client, share, "POST", "/join", body, **headers)


def say(client, share, text="Hello", **headers):
    return ask(client, share, "POST", "/message", {"user_message": text}, **headers)


def leave(client, share, body=None, **headers):
    return ask(client, share, "POST", "/leave", body, **headers)


def beat(client, share, **headers):
    return ask(client, share, "POST", "/heartbeat", **headers)


def told(answer):
    return answer.status_code, answer.json().get("error_code")


def place(token):
    return {"authorization": f"Share {token}"}


def change(share, **fields):
    with tenant_scope(share.team_id):
        Share.objects.filter(id=share.id).update(**fields)


def people(share):
    with tenant_scope(share.team_id):
        return list(Participant.objects.filter(share=share))


def lapse(share):
    """Let a minute pass in which nobody is heard from."""
    with tenant_scope(share.team_id):
        Participant.objects.filter(share=share).update(lease_until=timezone.now())


def said(share):
    with tenant_scope(share.team_id):
        return [message.content for message in Message.objects.filter(chat=share.chat).order_by("position")]
