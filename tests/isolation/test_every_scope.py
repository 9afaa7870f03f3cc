"""Every key, every scope, every call of the API: what a key opens is declared here, and nothing else is open to it.

A call that does not stand in the table fails the tests, and so does one that is open to a key without its scope.
"""

import re
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, Final
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

from accounts.models import PERSONAL_SCOPES, TEAM_SCOPES, ApiKey, Scope
from accounts.permissions import IsTrustedBackEnd
from benchsessions.exceptions import StillBlind
from benchsessions.models import Analyst, BenchSession, Flag, QuestionSet
from sharing.models import Share
from tenants.exceptions import TooManyRequests
from tests.conftest import Cast
from tests.isolation.routes import ROUTES
from tests.isolation.test_every_url import API, patterns
from tests.isolation.world import Side, furnish
from tests.keys import change, new_key, with_key

PUBLIC: Final = "public"  # open to everybody, whatever key comes along
NO_KEY: Final = "no key"  # for people at work alone

OPENED_BY: dict[str, str] = {
    "GET /api/schema": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /redoc": PUBLIC,
    "POST /api/auth/register": PUBLIC,
    "POST /api/auth/login": PUBLIC,
    "POST /api/auth/logout": PUBLIC,
    "POST /api/auth/refresh": PUBLIC,
    "GET /api/auth/me": Scope.ACCOUNT_READ,
    "PUT /api/auth/me": Scope.ACCOUNT_WRITE,
    "GET /api/agents": Scope.AGENTS_READ,
    "POST /api/agents": Scope.AGENTS_WRITE,
    "GET /api/agents/{id}": Scope.AGENTS_READ,
    "PUT /api/agents/{id}": Scope.AGENTS_WRITE,
    "PATCH /api/agents/{id}": Scope.AGENTS_WRITE,
    "DELETE /api/agents/{id}": Scope.AGENTS_WRITE,
    "POST /api/agents/{id}/avatar": Scope.AGENTS_WRITE,
    "POST /api/agents/import": Scope.AGENTS_WRITE,
    "POST /api/agents/{id}/duplicate": Scope.AGENTS_WRITE,
    "GET /api/agents/{id}/failures": Scope.AGENTS_READ,
    "POST /api/agents/{id}/test": Scope.AGENTS_WRITE,
    "GET /api/agents/{id}/export": Scope.AGENTS_READ,
    "GET /api/agents/{id}/members": Scope.AGENTS_READ,
    "PUT /api/agents/{id}/members": Scope.AGENTS_WRITE,
    "POST /api/agents/{id}/restore": Scope.AGENTS_WRITE,
    "GET /api/agents/{id}/versions": Scope.AGENTS_READ,
    "GET /api/agents/{id}/versions/{id}": Scope.AGENTS_READ,
    "GET /api/chats": Scope.CHATS_READ,
    "POST /api/chats": Scope.CHATS_WRITE,
    "GET /api/chats/{id}": Scope.CHATS_READ,
    "PUT /api/chats/{id}": Scope.CHATS_WRITE,
    "PATCH /api/chats/{id}": Scope.CHATS_WRITE,
    "DELETE /api/chats/{id}": Scope.CHATS_WRITE,
    "POST /api/chats/{id}/messages": Scope.CHATS_WRITE,
    "GET /api/chats/{id}/attachments/{id}": Scope.CHATS_READ,
    "POST /api/chats/{id}/stop": Scope.CHATS_WRITE,
    "GET /api/chats/{id}/stream": Scope.CHATS_READ,
    "POST /mid/sessions/{id}/share": Scope.SHARES_WRITE,
    "GET /mid/sessions/{id}/shares": Scope.SHARES_READ,
    "GET /mid/share/{id}": PUBLIC,
    "PATCH /mid/share/{id}": Scope.SHARES_WRITE,
    "DELETE /mid/share/{id}": Scope.SHARES_WRITE,
    "GET /mid/share/{id}/log": Scope.SHARES_READ,
    "POST /mid/share/{id}/join": PUBLIC,
    "POST /mid/share/{id}/leave": PUBLIC,
    "POST /mid/share/{id}/message": PUBLIC,
    "POST /mid/share/{id}/heartbeat": PUBLIC,
    "GET /mid/share/{id}/stream": PUBLIC,
    "GET /api/chats/shared": Scope.CHATS_READ,
    "GET /api/chats/{id}/members": Scope.CHATS_READ,
    "PUT /api/chats/{id}/members": Scope.CHATS_WRITE,
    "POST /api/chats/{id}/read": Scope.CHATS_WRITE,
    "POST /api/v1/users/login": Scope.BENCH,
    "GET /api/v1/users/{id}/settings": Scope.BENCH,
    "PUT /api/v1/users/{id}/settings": Scope.BENCH,
    "GET /api/v1/users/{id}/sessions": Scope.BENCH,
    "POST /api/v1/users/{id}/sessions": Scope.BENCH,
    "GET /api/v1/users/{id}/sessions/{id}": Scope.BENCH,
    "PUT /api/v1/users/{id}/sessions/{id}": Scope.BENCH,
    "DELETE /api/v1/users/{id}/sessions/{id}": Scope.BENCH,
    "GET /api/bench/compare": Scope.BENCH,
    "GET /api/bench/report": Scope.BENCH,
    "GET /api/bench/sets": Scope.BENCH,
    "POST /api/bench/sets": Scope.BENCH,
    "GET /api/bench/sets/{id}": Scope.BENCH,
    "PATCH /api/bench/sets/{id}": Scope.BENCH,
    "POST /api/bench/sets/{id}/versions": Scope.BENCH,
    "GET /api/bench/sets/{id}/questions": Scope.BENCH,
    "GET /api/bench/sessions": Scope.BENCH,
    "GET /api/bench/sessions/{id}": Scope.BENCH,
    "GET /api/bench/sessions/{id}/export": Scope.BENCH,
    "GET /api/bench/sessions/{id}/opinions": Scope.BENCH,
    "POST /api/bench/sessions/{id}/opinions": Scope.BENCH,
    "DELETE /api/bench/sessions/{id}/opinions/{id}": Scope.BENCH,
    "GET /api/bench/sessions/{id}/agreement/{id}/{id}": Scope.BENCH,
    "PUT /api/bench/sessions/{id}/items/{id}/decision": Scope.BENCH,
    "DELETE /api/bench/sessions/{id}/items/{id}/decision": Scope.BENCH,
    "GET /api/bench/sessions/{id}/items": Scope.BENCH,
    "GET /api/bench/sessions/{id}/run": Scope.BENCH,
    "POST /api/bench/sessions/{id}/run": Scope.BENCH,
    "POST /api/bench/sessions/{id}/run/stop": Scope.BENCH,
    "POST /api/bench/sessions/{id}/run/resume": Scope.BENCH,
    "POST /api/bench/sessions/{id}/run/retry": Scope.BENCH,
    "GET /api/bench/sessions/{id}/items/{id}": Scope.BENCH,
    "GET /api/bench/sessions/{id}/items/{id}/annotation": Scope.BENCH,
    "PUT /api/bench/sessions/{id}/items/{id}/annotation": Scope.BENCH,
    "DELETE /api/bench/sessions/{id}/items/{id}/annotation": Scope.BENCH,
    "PATCH /api/bench/sessions/{id}/annotations": Scope.BENCH,
    "POST /api/bench/sessions/{id}/items/{id}/flags": Scope.BENCH,
    "POST /api/bench/sessions/{id}/flags/{id}/resolve": Scope.BENCH,
    "GET /v1/models": Scope.AGENTS_READ,
    "GET /v1/models/{id}": Scope.AGENTS_READ,
    "POST /v1/chat/completions": Scope.CHATS_WRITE,
    "POST /v1/responses": Scope.CHATS_WRITE,
    "GET /v1/auth/me": Scope.ACCOUNT_READ,
    "GET /v1/auth/api-keys": Scope.KEYS_READ,
    "POST /v1/auth/api-keys": Scope.KEYS_WRITE,
    "DELETE /v1/auth/api-keys/{id}": Scope.KEYS_WRITE,
    "POST /v1/auth/sync-oauth-user": Scope.USERS_SYNC,
    "POST /v1/auth/sync-stack-user": Scope.USERS_SYNC,
}
# Open to a team's own keys alone; every other call is a person's.
FOR_BACK_ENDS = {call for call, scope in OPENED_BY.items() if scope == Scope.USERS_SYNC or "/api/v1/users/" in call}
Ask = Callable[..., Any]
HEADERS = ("authorization", "x-api-key")
PUBLIC_CALLS = [call for call, scope in OPENED_BY.items() if scope == PUBLIC]
# Open to everybody who brings what the call is about, a token of their own.
ASKS_FOR_MORE = ("/refresh", "/heartbeat", "/stream")
CLOSED = [call for call, scope in OPENED_BY.items() if scope != PUBLIC]


def calls_of_the_urlconf() -> Iterator[tuple[str, Any]]:
    """Yield each call that the REST framework answers, with its view."""
    for route, pattern in patterns(get_resolver().url_patterns):
        view = getattr(pattern.callback, "cls", None)
        if view is None:
            continue
        names = getattr(pattern.callback, "actions", None) or [
            name for name in view.http_method_names if hasattr(view, name)
        ]
        path = "/" + re.sub("<.*?>", "{id}", route)
        yield from ((f"{name.upper()} {path}", view) for name in names if name not in {"head", "options"})


def test_every_call_says_which_scope_opens_it():
    assert {call for call, _ in calls_of_the_urlconf()} == OPENED_BY.keys()


def test_the_description_holds_no_call_beside_them():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    described = {
        f"{method.upper()} {re.sub('{.*?}', '{id}', path)}" for path, methods in paths.items() for method in methods
    }
    assert described <= OPENED_BY.keys()
    assert len(described) >= len(OPENED_BY) - 3  # which are the description itself and its two viewers


def test_the_description_names_the_scope_and_the_credentials_of_each_call():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path, methods in paths.items():
        for method, told in methods.items():
            call = f"{method.upper()} {re.sub('{.*?}', '{id}', path)}"
            opened_by = OPENED_BY[call]
            takes = {name for way in told.get("security", []) for name in way} - {"stackAuth"}
            if opened_by == PUBLIC:
                wanted: tuple[Any, set[str]] = (None, set())
            elif opened_by == NO_KEY:
                wanted = (None, {"bearer", "cookie"})
            else:
                wanted = (opened_by, {"bearer", "apiKey"} if call in FOR_BACK_ENDS else {"bearer", "apiKey", "cookie"})
                assert f"`{opened_by}`" in told["description"]
            assert (told.get("x-required-scope"), takes) == wanted, call


def test_only_calls_for_back_ends_are_declared_so():
    def is_for_back_ends(view: Any) -> bool:
        return any(issubclass(permission, IsTrustedBackEnd) for permission in view.permission_classes)

    assert {call for call, view in calls_of_the_urlconf() if is_for_back_ends(view)} == FOR_BACK_ENDS


@pytest.fixture
def side(cast: Cast) -> Side:
    """The admin has a row of everything, so that no role is what refuses."""
    return furnish(cast.admin, agents=1)


@pytest.fixture(autouse=True)
def nobody_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse what would call an agent or count a visitor, which a transaction that is undone cannot take back."""

    def refuse(**asked: Any) -> None:
        raise TooManyRequests(retry_after=1)

    monkeypatch.setattr("accounts.limits.count_agent_test", refuse)
    monkeypatch.setattr("sharing.entering.count_share_join", refuse)


@pytest.fixture
def ask(side: Side) -> Ask:
    """Send a call about an object of the admin's; what it changes is undone."""

    stranger = Client()  # one for all, as each new one loads the middleware anew

    def ask(call: str, client: Client = stranger, **headers: str) -> Any:
        stranger.cookies.clear()
        method, path = call.split(" ")
        kinds = {
            "users": side.rows[Analyst].pk,
            f"users/{side.rows[Analyst].pk}/sessions": side.rows[BenchSession].pk,
            "bench/sessions": side.rows[BenchSession].pk,
            "bench/sets": side.rows[QuestionSet].pk,
            "flags": side.rows[Flag].pk,
            "opinions": side.rows[Analyst].pk,
            "agreement": side.rows[Analyst].pk,
            f"agreement/{side.rows[Analyst].pk}": side.rows[Analyst].pk,
            "items": 0,
            "agents": side.agent.pk,
            "models": side.agent.pk,
            "chats": side.chat.pk,
            "sessions": side.chat.pk,
            "share": side.rows[Share].token,
            "api-keys": side.rows[ApiKey].pk,
            "attachments": side.chat.pk,
        }
        kinds["versions"] = 1
        for kind, pk in kinds.items():
            path = path.replace(f"{kind}/{{id}}", f"{kind}/{pk}")
        path = path.replace("{id}", str(uuid4()))
        body = "" if method in {"GET", "DELETE"} else "{}"
        before = transaction.savepoint()  # no block of its own: what must be durable would refuse to run in one
        answer = client.generic(method, path, body, "application/json", headers=headers)
        transaction.savepoint_rollback(before)
        return answer

    return ask


def is_closed(answer: Any, scope: str) -> bool:
    told = (answer.status_code, answer.json().get("error_code"))
    if scope == NO_KEY:
        return told == (403, "SCOPE_REQUIRED") and "not open to API keys" in answer.json()["detail"]
    return told == (403, "SCOPE_REQUIRED") and f"the scope {scope}." in answer.json()["detail"]


def is_open(answer: Any) -> bool:
    """Tell whether a key opened a call; whoever was asked for a second opinion is refused some, key or not."""
    if answer.status_code == StillBlind.status:
        return bool(answer.json()["error_code"] == StillBlind.code)
    return answer.status_code not in {401, 403, 404, 405, 500}


@pytest.mark.parametrize("call", PUBLIC_CALLS)
def test_what_is_public_asks_for_no_key(ask: Ask, call: str) -> None:
    answer, bad = ask(call), ask(call, **with_key("parley_nonsense"))
    assert answer.status_code == bad.status_code
    assert call.endswith(ASKS_FOR_MORE) or is_open(answer)


def test_without_a_key_everything_else_is_closed(ask: Ask) -> None:
    for call in CLOSED:
        for answer, code in (
            (ask(call), "NOT_AUTHENTICATED"),
            (ask(call, **with_key("parley_nonsense")), "BAD_API_KEY"),
        ):
            assert (answer.status_code, answer.json()["error_code"]) == (401, code), call
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Parley"', call


def test_a_persons_key_opens_what_its_scope_opens_and_nothing_else(cast: Cast, ask: Ask) -> None:
    headers = cycle(HEADERS)
    keys = {scope: new_key(cast.admin, [scope])[1] for scope in PERSONAL_SCOPES}
    for call in CLOSED:
        needed = OPENED_BY[call]
        for scope, text in keys.items():
            if scope == needed and call in FOR_BACK_ENDS:
                answer = ask(call, **with_key(text, header=next(headers)))
                assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED"), call
            elif scope == needed:
                assert all(is_open(ask(call, **with_key(text, header=header))) for header in HEADERS), call
            else:
                assert is_closed(ask(call, **with_key(text, header=next(headers))), needed), (call, scope)


def test_all_other_scopes_together_do_not_make_up_for_one(cast: Cast, ask: Ask) -> None:
    key, text = new_key(cast.admin)
    for call in CLOSED:
        for scopes in (PERSONAL_SCOPES - {OPENED_BY[call]}, []):
            change(key, scopes=list(scopes))
            assert is_closed(ask(call, **with_key(text)), OPENED_BY[call]), (call, scopes)


def test_a_teams_own_key_opens_calls_for_back_ends_alone(cast: Cast, ask: Ask) -> None:
    keys = {scope: new_key(cast.team, [scope])[1] for scope in TEAM_SCOPES}
    boundless, all_of_it = new_key(cast.team)
    change(boundless, scopes=list(Scope))  # no key of a team is made so; if there were one, it would still be nobody
    for call in CLOSED:
        needed = OPENED_BY[call]
        for scope, text in keys.items():
            assert scope == needed or is_closed(ask(call, **with_key(text)), needed), (call, scope)
        for header in HEADERS:
            answer = ask(call, **with_key(all_of_it, header=header))
            assert is_open(answer) if call in FOR_BACK_ENDS else answer.status_code == 403, call


def test_calls_for_back_ends_are_closed_to_people(cast: Cast, ask: Ask, client_of: Any) -> None:
    boundless, text = new_key(cast.admin)
    change(boundless, scopes=list(Scope))
    for call in FOR_BACK_ENDS:
        for person in (cast.owner, cast.admin, cast.operator):
            assert ask(call, client_of(person)).status_code == 403, call
        assert ask(call, **with_key(text)).status_code == 403, call


def test_on_every_page_a_key_is_nobody(cast: Cast, side: Side) -> None:
    client, texts = Client(), [new_key(owner)[1] for owner in (cast.operator, cast.team)]
    for route, methods in ROUTES.items():
        if route.startswith(API):
            continue
        path = "/" + re.sub("<.*?>", "x", re.sub("<uuid:.*?>", str(side.chat.pk), route))
        for method in methods:
            answers = []
            for headers in ({}, *map(with_key, texts)):
                client.cookies.clear()
                answers.append(client.generic(method, path, headers=headers).status_code)
            assert len(set(answers)) == 1, (method, path, answers)
