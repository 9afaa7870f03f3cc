"""Every address is declared, answers each role as declared, and tells a foreign id from none by nothing."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import ApiKey, Invitation, RefreshSession
from benchsessions.models import BenchSession, QuestionSet, Upload
from sharing.models import Share
from tenants.scope import unsafe_all_tenants
from tests.conftest import Cast
from tests.isolation.conftest import World
from tests.isolation.routes import ROLES, ROUTES

# What an agent and the bench hold is the whole team's.
WHOLE_TEAMS = re.compile("agents|bench|v1/users")
CALLS = [(route, method) for route, methods in ROUTES.items() for method in methods]
STRANGERS = [
    (role, route, method)
    for route, method in CALLS
    for role in ("teammate", "outsider", "other_admin")
    if "<uuid:" in route and not (role == "teammate" and WHOLE_TEAMS.search(route))
]
Ask = Callable[..., Any]
API = ("api/", "v1/", "mid/")


def patterns(found: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from patterns(pattern.url_patterns, route)
        else:
            yield route, pattern


def test_every_address_is_declared() -> None:
    assert {route for route, _ in patterns(get_resolver().url_patterns)} == ROUTES.keys()


def test_every_method_of_the_api_is_declared() -> None:
    for route, pattern in patterns(get_resolver().url_patterns):
        actions = getattr(pattern.callback, "actions", None)
        view = getattr(pattern.callback, "cls", None)
        if view is None or not route.startswith(API):
            continue
        methods = actions or [name for name in view.http_method_names if hasattr(view, name) and name != "options"]
        assert {method.upper() for method in methods} - {"HEAD"} == ROUTES[route].keys(), route


def the_object(route: str, world: World) -> UUID:
    if "analyst_id" in route or "bench_id" in route:
        return world.ours.rows[BenchSession].pk
    if "upload_id" in route:
        return world.ours.rows[Upload].pk
    if "set_id" in route:
        return world.ours.rows[QuestionSet].pk
    if "session_id" in route:
        return world.ours.rows[RefreshSession].pk
    if "key_id" in route:
        return world.ours.rows[ApiKey].pk
    if "invitation_id" in route:
        return world.ours.rows[Invitation].pk
    if "user_id" in route:
        return world.ours.user.pk
    if "share_id" in route:
        return world.ours.rows[Share].pk
    return world.ours.agent.pk if "agents" in route else world.ours.chat.pk


def the_token(route: str, method: str, world: World) -> str:
    """A link's own token where only those who manage it get in, none where it would let everybody in."""
    managed = method in {"PATCH", "DELETE"} or route.endswith("/log")
    return world.ours.rows[Share].token if managed and route.startswith("mid/") else "unknown"


@pytest.fixture
def ask(world: World, cast: Cast, client_of: Any, sits: Any) -> Ask:
    """Send a call as somebody, about the owner's object or about another id."""

    def ask(role: str, route: str, method: str, pk: UUID | None = None) -> Any:
        path = "/" + re.sub("<uuid:.*?>", str(pk or the_object(route, world)), route)
        path = re.sub("<number:.*?>", "1", path.replace("<number:index>", "0"))
        path = path.replace("<str:token>", the_token(route, method, world))
        path = re.sub("<.*?>", "unknown", path)  # a name or a token, of which none is good
        api = route.startswith(API)
        client = Client() if role == "anonymous" else (client_of if api else sits)(getattr(cast, role))
        body = ROUTES[route][method].body
        if body is None:
            return client.generic(method, path)
        body = {name: str(world.ours.agent.pk) if value == "AGENT" else value for name, value in body.items()}
        if not api:
            return client.post(path, body)
        headers = {"accept": "text/event-stream"}  # else the answer to a message would be waited for
        return client.generic(method, path, json.dumps(body), "application/json", headers=headers)

    return ask


@pytest.mark.parametrize(("route", "method"), CALLS)
def test_an_address_answers_as_declared(ask: Ask, world: World, route: str, method: str) -> None:
    answers = {}
    for role in ROLES:
        before = transaction.savepoint()  # each role finds the world as it was
        response = ask(role, route, method)
        answers[role] = response.status_code
        if role in {"outsider", "other_admin"} and not response.streaming:
            text = response.content.decode()
            marks = ["@ours.org", "chat of o", "said by o", ">o1<", '"o1"', *map(str, _ids(world))]
            assert [mark for mark in marks if mark in text and mark not in response.request["PATH_INFO"]] == []
        transaction.savepoint_rollback(before)
    assert answers == dict(zip(ROLES, ROUTES[route][method].answers, strict=True))


def _ids(world: World) -> list[UUID]:
    return [row.pk for row in world.ours.rows.values()]


def _told(response: Any, pk: UUID) -> tuple[Any, ...]:
    """Return all that an answer tells, but for what differs between two answers to one and the same question."""
    text = re.sub(rb'(csrfmiddlewaretoken" value=|data-csrf=|csrf-token" content=)"\w+"', b"", response.content)
    headers = {name: value for name, value in response.headers.items() if name != "Expires"}
    cookies = {name: (morsel["path"], morsel["max-age"]) for name, morsel in response.cookies.items()}
    words = (response.status_code, text, headers, cookies)
    return tuple(str(word).replace(str(pk), "ID") for word in words)


@pytest.mark.parametrize(("role", "route", "method"), STRANGERS)
def test_a_foreign_id_is_an_id_that_does_not_exist(ask: Ask, world: World, route: str, method: str, role: str) -> None:
    foreign, absent = the_object(route, world), uuid4()
    assert _told(ask(role, route, method), foreign) == _told(ask(role, route, method, absent), absent)
    with unsafe_all_tenants(reason="look"):
        session = RefreshSession.objects.get(pk=world.ours.rows[RefreshSession].pk)
        key = ApiKey.objects.get(pk=world.ours.rows[ApiKey].pk)
    assert (session.revoked_at, key.revoked_at) == (None, None)
