"""A secret of the bench appears nowhere but in the outgoing request, whoever looks at whatever there is."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import get_resolver, reverse

from accounts.models import AuditEntry
from agents.models import Run
from benchsessions.queries import analyst_of, session_with
from benchsessions.sessions import Asked, create_session
from tenants.models import TenantModel
from tenants.scope import tenant_scope
from tests.bench.calling import BackEnd, back_end_of
from tests.bench.rag import Reply, rag_service
from tests.conftest import Cast
from tests.isolation.conftest import SignIn, World, sits, world
from tests.isolation.test_every_url import patterns
from tests.keys import new_key, with_key

__all__ = ["sits", "world"]
pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "cnr1-0f3a9c1d7be24c55-token-of-a-person"
OF_CONTRACT = "cnr2-77d1e0b9a6f34821-token-of-a-back-end"
HEADER = "cnr3-5c0d92e8f1ab4466-value-of-a-header"
SECRETS = (TOKEN, OF_CONTRACT, HEADER)
PIECE = 12
QUESTIONS = ("Что вернёт сервис?", "Что вернёт ошибка?", "Что в источниках?")


def assert_clean(what: str, text: str) -> None:
    """Look for any piece of a secret that is longer than the end which may be shown."""
    pieces = {secret[at : at + PIECE] for secret in SECRETS for at in range(len(secret) - PIECE + 1)}
    assert [piece for piece in pieces if piece in text] == [], what


def content_of(response: Any) -> str:
    """Return all of an answer, head and body; a workbook unpacked."""
    body = b"".join(response) if response.streaming else response.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            body = b"".join(parts.read(name) for name in parts.namelist())
    return f"{response.headers}\n{body.decode(errors='replace')}"


def told(asked: Any) -> Any:
    """Answer as a badly behaved service: repeat what came with the question, in every place there is."""
    came = f"{asked.headers.get('Authorization')} {asked.headers.get('X-Key')}"
    if asked.question == QUESTIONS[1]:
        return Reply(500, json.dumps({"detail": f"refused {came}"}))
    return {"body": f"Ответ: {came}", "docs": [{"title": came, "content": came}], came: {"trace": [came]}}


@pytest.fixture
def scene(world: World, cast: Cast, sits: SignIn, settings: Any, caplog: Any) -> Iterator[tuple[UUID, BackEnd, str]]:
    """A session that was run, with secrets set on the page, over the contract and for the environment."""
    caplog.set_level("DEBUG")
    settings.AGENT_ALLOWED_CIDRS, settings.AGENT_REQUIRE_HTTPS = ["127.0.0.0/8"], False
    owner = sits(cast.owner)
    form = {"environment": "ift", "ift-apiMode": "backend", "ift-resetSessionMode": "on", "ift-new_token": TOKEN}
    assert owner.post("/bench/settings", form).status_code == 303
    back_end = back_end_of(cast.team)
    digits = back_end.login()
    sent = {"settings": {"ift": {"bearerToken": OF_CONTRACT}, "prod": {"bearerToken": OF_CONTRACT, "x": 1}}}
    assert back_end.send("PUT", f"{digits}/settings", sent).status_code == 200
    with rag_service() as rag:
        rag.answer = told
        limits = {"max_concurrent": "1", "answer_seconds": "20", "list_seconds": "20"}
        header = {"name_0": "X-Key", "value_0": HEADER}
        saved = sits(cast.admin).post("/bench/targets/ift", {"backend_url": rag.backend_url, **limits, **header})
        assert saved.status_code == 303
        with tenant_scope(cast.team.id):
            questions = [Asked({"body": question, "with_docs": True}) for question in QUESTIONS]
            by = analyst_of(cast.owner)
            session = create_session(owner=by, environment="ift", api_mode="backend", questions=questions)
        answer = owner.post("/bench/settings/check", {"environment": "ift"}, follow=True)
        assert "accepts" in content_of(answer)
        assert_clean("the check", content_of(answer))
        key = with_key(new_key(cast.owner)[1])
        ran = owner.post(f"/api/bench/sessions/{session.id}/run", {}, "application/json", headers=key)
        assert (ran.status_code, ran.json()["done"]) == (200, 3)
        assert_clean("the run", content_of(ran))
        assert len(rag.asked) == 4
        for asked in rag.asked:  # the one place where they are
            assert (asked.headers["Authorization"], asked.headers["X-Key"]) == (f"Bearer {TOKEN}", HEADER)
    yield session.id, back_end, digits
    assert_clean("the log", caplog.text)


def test_a_secret_is_on_no_page_and_in_no_answer(
    scene: tuple[UUID, BackEnd, str], world: World, cast: Cast, sits: SignIn, client_of: Any
) -> None:
    session, _, _ = scene
    rows = {type(row).__name__: row.pk for row in world.ours.rows.values()}
    ids = {"set_id": rows["QuestionSet"], "upload_id": rows["Upload"], "flag_id": rows["Flag"]}
    with tenant_scope(cast.team.id):
        ids |= {"bench_id": session, "analyst_id": analyst_of(cast.owner).id}
    browser, program = sits(cast.admin), client_of(cast.admin)
    queries = {"export": ["?format=csv", "?format=xlsx", "?format=jsonl"]}
    queries["compare"] = [f"?s={session}&s={rows['BenchSession']}"]
    opened = 0
    for route, _ in patterns(get_resolver().url_patterns):
        if not re.match("bench|api/bench|api/v1/users", route):
            continue
        path = re.sub("<uuid:(.*?)>", lambda found: str(ids.get(found[1], session)), f"/{route}")
        path = re.sub("<number:.*?>", "1", path).replace("<str:environment>", "ift")
        for query in ["", *queries.get(route.rpartition("/")[2], [])]:
            answer = (program if route.startswith("api/") else browser).get(path + query)
            assert answer.status_code < 500, path
            assert_clean(path + query, content_of(answer))
            opened += answer.status_code == 200
    assert opened >= 30
    assert_clean("one's own settings", content_of(sits(cast.owner).get("/bench/settings")))
    page = content_of(sits(cast.owner).get(f"/bench/sessions/{session}?item=0"))
    assert "Ответ:" in page  # what the service said is there, but for the secret


def test_over_the_contract_only_the_scope_opens_the_settings(
    scene: tuple[UUID, BackEnd, str], cast: Cast, client_of: Any
) -> None:
    session, back_end, digits = scene
    own = back_end.get(f"{digits}/settings")
    assert own.json()["settings"]["ift"]["bearerToken"] == OF_CONTRACT
    for path in (f"{digits}/sessions", f"{digits}/sessions/{session}"):
        assert_clean(path, content_of(back_end.get(path)))
    path = f"/api/v1/users/{digits}/settings"
    personal = with_key(new_key(cast.owner)[1])
    narrow = with_key(new_key(cast.team, ["users:sync"])[1])
    theirs = back_end_of(cast.other_team).headers
    statuses = []
    for headers in (personal, narrow, theirs, {}):
        answer = back_end.client.get(path, headers=headers)
        statuses.append(answer.status_code)
        assert_clean(path, content_of(answer))
    assert statuses == [403, 403, 404, 401]
    assert_clean("signed in", content_of(client_of(cast.admin).get(path)))


def test_a_refusal_and_a_fault_repeat_no_secret(
    scene: tuple[UUID, BackEnd, str], cast: Cast, sits: SignIn, monkeypatch: Any
) -> None:
    _, back_end, digits = scene
    for wrong in ({"apiMode": "sideways"}, {"withClassify": "yes"}, {"platformId": 5}):
        refused = back_end.send("PUT", f"{digits}/settings", {"settings": {"ift": {"bearerToken": TOKEN, **wrong}}})
        assert refused.status_code == 400
        assert_clean("a refusal", content_of(refused))
    sent = {"settings": {"psi": {"bearerToken": TOKEN}}}
    broken = back_end.send("PUT", f"{digits}/settings", json.dumps(sent)[:-1])
    assert broken.status_code == 400
    assert_clean("a broken body", content_of(broken))

    def fail(**fields: Any) -> None:
        raise RuntimeError("A fault of ours.")

    owner = sits(cast.owner)
    form = {"environment": "psi", "psi-apiMode": "bench", "psi-new_token": TOKEN}
    for module in ("benchsessions.views.settings", "benchsessions.environments"):
        monkeypatch.setattr(f"{module}.write_settings", fail)
    owner.raise_request_exception = back_end.client.raise_request_exception = False
    for answer in (owner.post("/bench/settings", form), back_end.send("PUT", f"{digits}/settings", sent)):
        assert answer.status_code == 500
        assert_clean("a fault", content_of(answer))


def test_a_secret_is_on_no_page_of_the_administration(
    scene: tuple[UUID, BackEnd, str], cast: Cast, sits: SignIn
) -> None:
    client = sits(cast.admin)
    models = [model for model in admin.site._registry if model._meta.app_label == "benchsessions"]
    for model in [*models, AuditEntry, Run]:
        assert issubclass(model, TenantModel)
        with tenant_scope(cast.team.id):
            keys = list(model.objects.values_list("pk", flat=True)[:4])
        assert keys, model
        for name, args in [("changelist", []), *(("change", [key]) for key in keys)]:
            page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)
            answer = client.get(page)
            assert answer.status_code == 200
            assert_clean(page, content_of(answer))


def test_a_secret_is_in_no_table(scene: tuple[UUID, BackEnd, str], cast: Cast) -> None:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = cursor.fetchall()
            found.append(len(rows))
            assert_clean(table, " ".join(map(str, rows)))
    assert sum(found) > 100
    with tenant_scope(cast.team.id):
        session = session_with(scene[0])
        assert (session.n_answered, session.n_failed) == (2, 1)
