"""Every address of ours and what it answers to whom; an address that does not stand here fails the tests.

The object in an address is the owner's: a chat and a session are theirs alone, an agent is their team's. The
administration has a table of its own in `tests/admin/test_every_page.py`.
"""

from typing import Any, NamedTuple

ROLES = ("owner", "admin", "teammate", "outsider", "other_admin", "anonymous")


class Call(NamedTuple):
    answers: tuple[int, ...]
    body: dict[str, Any] | None = None


def call(answers: str, body: dict[str, Any] | None = None) -> Call:
    """Write a call's answers in the order of the roles; one number is for everybody."""
    numbers = tuple(map(int, answers.split()))
    return Call(numbers * len(ROLES) if len(numbers) == 1 else numbers, body)


SIGNED_IN = "200 200 200 200 200 401"
BACK_END = "403 403 403 403 403 401"
OWN = "200 404 404 404 404 401"
MANAGED = "200 200 404 404 404 401"
PAGE = "200 200 200 200 200 302"
OWN_PAGE = "200 404 404 404 404 302"
OWN_SEEN = "303 404 404 404 404 302"
ADMINS = "403 302 403 403 404 302"
ADMINS_API = "403 200 403 403 404 401"
AGENT_PAGE = "403 200 403 403 404 302"
AGENT_SEEN = "403 303 403 403 404 302"
AGENT = {"name": "made here", "kind": "demo"}
SAID = [{"role": "user", "content": "hello"}]

TEAMS = "200 200 200 404 404 401"
TEAMS_PAGE = "200 200 200 404 404 302"
TEAMS_SEEN = "303 303 303 404 404 302"
LINK = {"title": "made here", "max_concurrent_users": "10", "max_messages": "200"}
NEW_AGENT = {**AGENT, "auth_kind": "bearer", "audience": "all"}

ROUTES: dict[str, dict[str, Call]] = {
    "healthz": {"GET": call("200")},
    "api/schema": {"GET": call("200")},
    "docs": {"GET": call("200")},
    "redoc": {"GET": call("200")},
    "admin": {"GET": call("302")},
    "api/auth/register": {"POST": call("400", {})},
    "api/auth/login": {"POST": call("400", {})},
    "api/auth/logout": {"POST": call("200", {})},
    "api/auth/refresh": {"POST": call("401", {})},
    "api/auth/me": {"GET": call(SIGNED_IN), "PUT": call(SIGNED_IN, {})},
    "api/agents": {"GET": call(SIGNED_IN), "POST": call("403 201 403 403 201 401", AGENT)},
    "api/agents/<uuid:pk>": {
        "GET": call("200 200 200 404 404 401"),
        "PUT": call("403 200 403 403 404 401", {"name": "changed"}),
        "PATCH": call("403 200 403 403 404 401", {"name": "changed"}),
        "DELETE": call("403 204 403 403 404 401"),
    },
    "api/agents/<uuid:pk>/avatar": {"POST": call("403 415 403 403 404 401", {})},
    "api/agents/import": {"POST": call("403 400 403 403 400 401", {})},
    "api/agents/<uuid:pk>/duplicate": {"POST": call("403 201 403 403 404 401", {})},
    "api/agents/<uuid:pk>/failures": {"GET": call(ADMINS_API)},
    "api/agents/<uuid:pk>/test": {"POST": call("403 400 403 403 404 401", {"question": 5})},
    "api/agents/<uuid:pk>/export": {"GET": call(ADMINS_API)},
    "api/agents/<uuid:pk>/members": {"GET": call(ADMINS_API), "PUT": call(ADMINS_API, {"members": []})},
    "api/agents/<uuid:pk>/restore": {"POST": call(ADMINS_API, {"version": 1})},
    "api/agents/<uuid:pk>/versions": {"GET": call(ADMINS_API)},
    "api/agents/<uuid:pk>/versions/<number:number>": {"GET": call(ADMINS_API)},
    "api/chats": {"GET": call(SIGNED_IN), "POST": call("201 201 201 404 404 401", {"agent_id": "AGENT"})},
    "api/chats/<uuid:pk>": {
        "GET": call(OWN),
        "PUT": call(OWN, {"title": "changed"}),
        "PATCH": call(OWN, {"title": "changed"}),
        "DELETE": call("204 404 404 404 404 401"),
    },
    "api/chats/<uuid:pk>/messages": {"POST": call(OWN, {"content": "hello"})},
    "api/chats/<uuid:pk>/attachments/<uuid:attachment_id>": {"GET": call(OWN)},
    "api/chats/<uuid:pk>/stop": {"POST": call(OWN, {})},
    "api/chats/<uuid:pk>/stream": {"GET": call("204 404 404 404 404 401")},
    "api/chats/shared": {"GET": call(SIGNED_IN)},
    "api/chats/<uuid:pk>/members": {"GET": call(OWN), "PUT": call(OWN, {"members": []})},
    "api/chats/<uuid:pk>/read": {"POST": call(OWN, {"position": 1})},
    "v1/auth/api-keys": {"GET": call(SIGNED_IN), "POST": call("201 201 201 201 201 401", {})},
    "v1/auth/api-keys/<uuid:key_id>": {"DELETE": call(OWN)},
    "v1/auth/sync-oauth-user": {"POST": call(BACK_END, {})},
    "v1/auth/sync-stack-user": {"POST": call(BACK_END, {})},
    "v1/auth/me": {"GET": call(SIGNED_IN)},
    "v1/models": {"GET": call(SIGNED_IN)},
    "v1/models/<path:model>": {"GET": call("404 404 404 404 404 401")},
    "v1/chat/completions": {"POST": call("200 200 200 404 404 401", {"model": "AGENT", "messages": SAID})},
    "v1/responses": {"POST": call("200 200 200 404 404 401", {"model": "AGENT", "input": SAID})},
    "mid/sessions/<uuid:chat_id>/share": {"POST": call(OWN, {})},
    "mid/sessions/<uuid:chat_id>/shares": {"GET": call(MANAGED)},
    "mid/share/<str:token>": {"GET": call("404"), "PATCH": call(MANAGED, {}), "DELETE": call(MANAGED)},
    "mid/share/<str:token>/log": {"GET": call(MANAGED)},
    "mid/share/<str:token>/join": {"POST": call("404", {})},
    "mid/share/<str:token>/leave": {"POST": call("404", {})},
    "mid/share/<str:token>/message": {"POST": call("404", {"user_message": "hello"})},
    "mid/share/<str:token>/heartbeat": {"POST": call("404", {})},
    "mid/share/<str:token>/stream": {"GET": call("404")},
    "": {"GET": call("302")},
    "sign-in": {"GET": call("302 302 302 302 302 200"), "POST": call("200", {})},
    "sign-out": {"POST": call("302", {})},
    "register/<slug:slug>": {"GET": call("403"), "POST": call("403", {})},
    "join/<uuid:invitation_id>": {"GET": call("403"), "POST": call("403", {})},
    "join/<str:token>": {"GET": call("403")},
    "reset-password": {"GET": call("200"), "POST": call("200", {})},
    "reset-password/<str:ids>": {"GET": call("403"), "POST": call("403", {})},
    "reset-password/<str:ids>/<str:signature>": {"GET": call("403")},
    "members": {"GET": call("403 200 403 403 200 302"), "POST": call("403 200 403 403 200 302", {})},
    "members/<uuid:user_id>/role": {"POST": call(ADMINS, {"role": "admin"})},
    "members/<uuid:user_id>/active": {"POST": call(ADMINS, {"active": "0"})},
    "members/invitations/<uuid:invitation_id>/withdraw": {"POST": call(ADMINS, {})},
    "keys": {"GET": call(PAGE), "POST": call(PAGE, {"name": "made here", "scopes": ["chats:read"]})},
    "keys/<uuid:key_id>/revoke": {"GET": call(OWN_PAGE), "POST": call("302 404 404 404 404 302", {})},
    "profile": {"GET": call(PAGE), "POST": call("302 302 302 302 302 302", {"save": "name", "full_name": "New"})},
    "profile/clients/<uuid:session_id>/revoke": {"POST": call("302", {})},
    "agents/<uuid:agent_id>/test": {
        "GET": call("403 200 403 403 404 302"),
        "POST": call("403 200 403 403 404 302", {"question": "x" * 2001}),
    },
    "agents/<uuid:agent_id>/tests/<uuid:run_id>": {"GET": call("403 404 403 403 404 302")},
    "agents": {"GET": call("403 200 403 403 200 302")},
    "agents/new": {"GET": call("403 200 403 403 200 302"), "POST": call("403 303 403 403 303 302", NEW_AGENT)},
    "agents/import": {"GET": call("403 200 403 403 200 302"), "POST": call("403 400 403 403 400 302", {"text": "{}"})},
    "agents/<uuid:agent_id>": {"GET": call(AGENT_PAGE)},
    "agents/<uuid:agent_id>/edit": {"GET": call(AGENT_PAGE), "POST": call(AGENT_SEEN, NEW_AGENT)},
    "agents/<uuid:agent_id>/members": {"GET": call(AGENT_PAGE), "POST": call(AGENT_SEEN, {"audience": "all"})},
    "agents/<uuid:agent_id>/versions": {"GET": call(AGENT_PAGE)},
    "agents/<uuid:agent_id>/restore": {"POST": call(AGENT_SEEN, {"version": "1"})},
    "agents/<uuid:agent_id>/duplicate": {"POST": call(AGENT_SEEN, {})},
    "agents/<uuid:agent_id>/export": {"GET": call(AGENT_PAGE)},
    "agents/<uuid:agent_id>/active": {"POST": call(AGENT_SEEN, {"active": "0"})},
    "agents/<uuid:agent_id>/avatar": {"POST": call(AGENT_SEEN, {"remove": "1"})},
    "agents/<uuid:agent_id>/delete": {"GET": call(AGENT_PAGE), "POST": call(AGENT_SEEN, {})},
    "share/<str:token>": {"GET": call("404")},
    "share/<str:token>/enter": {"POST": call("404", {})},
    "share/<str:token>/say": {"POST": call("404", {})},
    "share/<str:token>/look": {"POST": call("404", {})},
    "share/<str:token>/leave": {"POST": call("404", {})},
    "share/<str:token>/copy": {
        "GET": call("404 404 404 404 404 302"),
        "POST": call("404 404 404 404 404 302", {"agent_id": "AGENT"}),
    },
    "links": {"GET": call(PAGE)},
    "links/team": {"GET": call("403 200 403 403 200 302")},
    "links/team/sharing": {"POST": call("403 302 403 403 302 302", {"allowed": "0"})},
    "chats/<uuid:chat_id>/share": {"GET": call(OWN_PAGE), "POST": call(OWN_SEEN, {"days": "7", **LINK})},
    "shares/<uuid:share_id>/change": {"GET": call(OWN_PAGE), "POST": call(OWN_SEEN, LINK)},
    "shares/<uuid:share_id>/extend": {"POST": call("303 303 404 404 404 302", {"days": "7"})},
    "shares/<uuid:share_id>/qr.svg": {"GET": call(OWN_PAGE)},
    "shares/<uuid:share_id>/revoke": {
        "GET": call("200 200 404 404 404 302"),
        "POST": call("303 303 404 404 404 302", {}),
    },
    "shares/<uuid:share_id>/log": {"GET": call("200 200 404 404 404 302")},
    "shares/<uuid:share_id>/log.csv": {"GET": call("200 200 404 404 404 302")},
    "api/bench/compare": {"GET": call("400 400 400 400 400 401")},
    "api/bench/report": {"GET": call(SIGNED_IN)},
    "api/bench/sessions": {"GET": call(SIGNED_IN)},
    "api/bench/sessions/<uuid:bench_id>": {"GET": call(TEAMS)},
    "api/bench/sessions/<uuid:bench_id>/items": {"GET": call(TEAMS)},
    "api/bench/sessions/<uuid:bench_id>/items/<number:index>": {"GET": call(TEAMS)},
    "api/bench/sessions/<uuid:bench_id>/items/<number:index>/annotation": {
        "GET": call(TEAMS),
        "PUT": call("428 428 428 428 428 401", {"data": None}),
        "DELETE": call("428 428 428 428 428 401"),
    },
    "api/bench/sessions/<uuid:bench_id>/annotations": {"PATCH": call("428 428 428 428 428 401", {"annotations": {}})},
    "api/bench/sessions/<uuid:bench_id>/items/<number:index>/flags": {
        "POST": call("201 201 201 404 404 401", {"comment": "made here"})
    },
    "api/bench/sessions/<uuid:bench_id>/flags/<uuid:flag_id>/resolve": {"POST": call(TEAMS, {})},
    "api/v1/users/login": {"POST": call(BACK_END, {})},
    "api/v1/users/<uuid:analyst_id>/settings": {"GET": call(BACK_END), "PUT": call(BACK_END, {})},
    "api/v1/users/<uuid:analyst_id>/sessions": {"GET": call(BACK_END), "POST": call(BACK_END, {})},
    "api/v1/users/<uuid:analyst_id>/sessions/<uuid:bench_id>": {
        "GET": call(BACK_END),
        "PUT": call(BACK_END, {}),
        "DELETE": call(BACK_END),
    },
    "bench/charts": {"GET": call(PAGE)},
    "bench/compare": {"GET": call(PAGE)},
    "api/bench/sessions/<uuid:bench_id>/export": {"GET": call("400 400 400 404 404 401")},
    "api/bench/sessions/<uuid:bench_id>/opinions": {
        "GET": call(TEAMS),
        "POST": call("400 400 400 404 404 401", {}),
    },
    "api/bench/sessions/<uuid:bench_id>/opinions/<uuid:analyst_id>": {"DELETE": call("403 204 204 404 404 401")},
    "api/bench/sessions/<uuid:bench_id>/agreement/<uuid:analyst_id>/<uuid:other_id>": {
        "GET": call("403 200 200 404 404 401")
    },
    "api/bench/sessions/<uuid:bench_id>/items/<number:index>/decision": {
        "PUT": call("403 200 200 404 404 401", {"rating": "incorrect"}),
        "DELETE": call("403 200 200 404 404 401"),
    },
    "bench/sessions/<uuid:bench_id>/agreement": {"GET": call(TEAMS_PAGE)},
    "bench/sessions/<uuid:bench_id>/opinions": {"POST": call("303 303 303 404 404 302", {})},
    "bench/sessions/<uuid:bench_id>/opinions/<uuid:analyst_id>/withdraw": {"POST": call("403 303 303 404 404 302", {})},
    "bench/sessions/<uuid:bench_id>/items/<number:index>/decide": {
        "POST": call("403 303 303 404 404 302", {"rating": "incorrect"})
    },
    "bench/sessions/<uuid:bench_id>/export": {"GET": call("200 200 200 404 404 302")},
    "bench/sessions/<uuid:bench_id>": {"GET": call(TEAMS_PAGE)},
    "bench/sessions/<uuid:bench_id>/rail": {"GET": call(TEAMS_PAGE)},
    "bench/sessions/<uuid:bench_id>/response": {"GET": call(TEAMS_PAGE)},
    "bench/sessions/<uuid:bench_id>/items/<number:index>": {"GET": call(TEAMS_PAGE)},
    "bench/sessions/<uuid:bench_id>/items/<number:index>/judge": {
        "POST": call("303 412 412 404 404 302", {"version": "1", "rating": "incorrect"})
    },
    "bench/sessions/<uuid:bench_id>/items/<number:index>/flag": {
        "POST": call("303 303 303 404 404 302", {"comment": "made here"})
    },
    "bench/sessions/<uuid:bench_id>/flags/<uuid:flag_id>/resolve": {"POST": call("303 303 303 404 404 302", {})},
    "bench": {"GET": call(PAGE)},
    "bench/new": {
        "GET": call(PAGE),
        "POST": call("303 303 303 303 303 302", {"environment": "psi", "questions": "?", "stop_after_errors": "10"}),
    },
    "bench/sessions/<uuid:bench_id>/run": {
        "GET": call("200 200 200 404 404 302"),
        "POST": call("303 303 303 404 404 302", {"action": "stop"}),
    },
    "bench/sessions/<uuid:bench_id>/rename": {
        "GET": call("200 200 403 404 404 302"),
        "POST": call("303 303 403 404 404 302", {"title": "changed"}),
    },
    "bench/sessions/<uuid:bench_id>/delete": {
        "GET": call("200 200 403 404 404 302"),
        "POST": call("303 303 403 404 404 302", {"name": "session of o"}),
    },
    "bench/sessions/<uuid:bench_id>/restore": {"POST": call("404 404 404 404 404 302", {})},
    "api/bench/sessions/<uuid:bench_id>/run": {
        "GET": call("200 200 200 404 404 401"),
        "POST": call("409 409 409 404 404 401", {}),
    },
    "api/bench/sessions/<uuid:bench_id>/run/stop": {"POST": call("200 200 200 404 404 401", {})},
    "api/bench/sessions/<uuid:bench_id>/run/resume": {"POST": call("409 409 409 404 404 401", {})},
    "api/bench/sessions/<uuid:bench_id>/run/retry": {"POST": call("409 409 409 404 404 401", {})},
    "bench/import": {"GET": call(PAGE), "POST": call("303 303 303 303 303 302", {"text": "Как закрыть карту?"})},
    "bench/import/<uuid:upload_id>": {
        "GET": call(OWN_PAGE),
        "POST": call(OWN_SEEN, {"do": "take", "environment": "psi", "api_mode": "backend", "column_0": "question"}),
    },
    "bench/language": {"POST": call("302", {"language": "ru"})},
    "api/bench/sets": {
        "GET": call(SIGNED_IN),
        "POST": call("201 201 201 201 201 401", {"name": "made here", "questions": [{"body": "Как закрыть карту?"}]}),
    },
    "api/bench/sets/<uuid:set_id>": {"GET": call(TEAMS), "PATCH": call(TEAMS, {"description": "changed"})},
    "api/bench/sets/<uuid:set_id>/versions": {
        "POST": call("201 201 201 404 404 401", {"questions": [{"body": "Как закрыть карту?"}]})
    },
    "api/bench/sets/<uuid:set_id>/questions": {"GET": call(TEAMS)},
    "bench/sets": {"GET": call(PAGE)},
    "bench/sets/new": {"GET": call(PAGE), "POST": call("303 303 303 303 303 302", {"text": "Как закрыть карту?"})},
    "bench/sets/uploads/<uuid:upload_id>": {
        "GET": call(OWN_PAGE),
        "POST": call(OWN_SEEN, {"do": "take", "name": "made here", "column_0": "question"}),
    },
    "bench/sets/<uuid:set_id>": {"GET": call(TEAMS_PAGE)},
    "bench/sets/<uuid:set_id>/upload": {
        "GET": call(TEAMS_PAGE),
        "POST": call(TEAMS_SEEN, {"text": "Как закрыть карту?"}),
    },
    "bench/sets/<uuid:set_id>/begin": {"POST": call(TEAMS_SEEN, {})},
    "bench/sets/<uuid:set_id>/change": {"GET": call(TEAMS_PAGE), "POST": call(TEAMS_SEEN, {"name": "changed"})},
    "bench/sets/<uuid:set_id>/archive": {"POST": call(TEAMS_SEEN, {"archived": "1"})},
    "bench/sets/<uuid:set_id>/duplicate": {"GET": call(TEAMS_PAGE), "POST": call(TEAMS_SEEN, {"name": "copied"})},
    "bench/sets/<uuid:set_id>/download": {"GET": call(TEAMS_PAGE)},
    "bench/sets/<uuid:set_id>/questions/new": {
        "GET": call(TEAMS_PAGE),
        "POST": call(TEAMS_SEEN, {"body": "Где тарифы?"}),
    },
    "bench/sets/<uuid:set_id>/questions/<number:position>": {
        "GET": call(TEAMS_PAGE),
        "POST": call(TEAMS_SEEN, {"body": "Где тарифы?"}),
    },
    "bench/settings": {
        "GET": call(PAGE),
        "POST": call("303 303 303 303 303 302", {"environment": "psi", "psi-apiMode": "bench"}),
    },
    "bench/settings/check": {"POST": call("303 303 303 303 303 302", {"environment": "psi"})},
    "bench/targets": {"GET": call("403 200 403 403 200 302")},
    "bench/targets/<str:environment>": {
        "GET": call("403 404 403 403 404 302"),
        "POST": call("403 404 403 403 404 302", {"remove": "1"}),
    },
    "usage": {"GET": call(PAGE)},
    "usage.csv": {"GET": call(PAGE)},
    "chats": {"GET": call(PAGE)},
    "chats/new": {"GET": call(PAGE), "POST": call("303 303 303 303 303 302", {"agent_id": "AGENT"})},
    "chats/shared": {"GET": call(PAGE)},
    "chats/<uuid:chat_id>": {"GET": call(OWN_PAGE)},
    "chats/<uuid:chat_id>/attachments/<uuid:attachment_id>": {"GET": call(OWN_PAGE)},
    "chats/<uuid:chat_id>/send": {"POST": call(OWN_SEEN, {"content": "hello"})},
    "chats/<uuid:chat_id>/stop": {"POST": call(OWN_SEEN, {})},
    "chats/<uuid:chat_id>/retry": {"POST": call("409 404 404 404 404 302", {})},
    "chats/<uuid:chat_id>/rename": {"POST": call(OWN_SEEN, {"title": "changed"})},
    "chats/<uuid:chat_id>/archive": {"POST": call(OWN_SEEN, {"archived": "1"})},
    "chats/<uuid:chat_id>/members": {"GET": call(OWN_PAGE), "POST": call(OWN_SEEN, {})},
    "chats/<uuid:chat_id>/leave": {"POST": call("404 404 404 404 404 302", {})},
    "chats/<uuid:chat_id>/read": {"POST": call("204 404 404 404 404 302", {"position": "1"})},
    "chats/<uuid:chat_id>/delete": {"GET": call(OWN_PAGE), "POST": call(OWN_SEEN, {})},
}
