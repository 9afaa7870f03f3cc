"""The OpenAI-compatible door: what it refuses and how, whose agents it shows, what it books and keeps."""

import base64
import json
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from accounts.models import Tier
from agents.models import AgentMember, Run
from chats.models import Attachment, Chat, Message
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, RunFactory, UserFactory
from tests.keys import new_key, with_key

COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/responses"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg"
    "=="
)


def image(url):
    return [{"type": "image_url", "image_url": {"url": url}}]


@pytest.fixture(autouse=True)
def _no_agent_is_called(monkeypatch):
    monkeypatch.setattr("agents.relay.launch", lambda run, call: None)


@pytest.fixture
def model(cast):
    return AgentFactory(team=cast.team, name="Prüfer")


def said(content="Hello", role="user", **fields):
    return {"role": role, "content": content, **fields}


def asking(model, *messages, **fields):
    return {"model": str(getattr(model, "pk", model)), "messages": list(messages) or [said()], **fields}


def post(client, body, path=COMPLETIONS, **headers):
    return client.post(path, json.dumps(body), "application/json", headers=headers)


def refusal(response):
    """Return status, code and field of a refusal, which has both shapes."""
    body = response.json()
    assert {"message", "type", "param", "code"} == body["error"].keys()
    assert body["detail"]
    assert body["error_code"]
    return response.status_code, body["error"]["code"], body["error"]["param"]


# Models


def test_the_agents_that_one_may_use_are_the_models(cast, owner, model):
    chosen = AgentFactory(team=cast.team, name="Chosen", audience="chosen")
    hidden = AgentFactory(team=cast.team, name="Hidden", audience="chosen")
    AgentFactory(team=cast.team, name="Off", is_active=False)
    AgentFactory(team=cast.other_team, name="Foreign")
    with tenant_scope(cast.team.id):
        AgentMember.objects.create(agent=chosen, user=cast.owner)
    listed = owner.get("/v1/models").json()
    assert [entry["name"] for entry in listed["data"]] == ["Chosen", "Prüfer"]
    assert listed["data"][1] == {
        "id": "prüfer",
        "object": "model",
        "type": "model",
        "created": int(model.created_at.timestamp()),
        "owned_by": "ours",
        "name": "Prüfer",
    }
    assert owner.get(f"/v1/models/{chosen.pk}").json()["name"] == "Chosen"
    assert refusal(owner.get(f"/v1/models/{hidden.pk}")) == (404, "model_not_found", "model")


def test_whatever_one_may_not_use_is_no_model(cast, owner):
    foreign = AgentFactory(team=cast.other_team, name="Foreign")
    off = AgentFactory(team=cast.team, name="Off", is_active=False)
    hidden = AgentFactory(team=cast.team, name="Hidden", audience="chosen")
    absent = post(owner, asking(uuid4()))
    assert refusal(absent) == (404, "model_not_found", "model")
    for agent in (foreign, off, hidden):
        for name in (agent.pk, agent.slug, agent.name):
            assert post(owner, asking(name)).json() == absent.json()
            assert owner.get(f"/v1/models/{name}").json() == absent.json()
    with tenant_scope(cast.team.id):
        assert not Run.objects.exists()


def test_an_id_that_is_the_name_of_another_agent_is_an_id(cast, owner, model):
    assert AgentFactory(team=cast.team, name=str(model.pk)).slug == str(model.pk)
    assert owner.get(f"/v1/models/{model.pk}").json()["name"] == "Prüfer"


def test_no_model_has_a_nul_in_its_name(owner, model):
    assert refusal(owner.get("/v1/models/%00")) == (404, "model_not_found", "model")
    assert refusal(owner.get(f"/v1/models/{model.pk}%00")) == (404, "model_not_found", "model")


def test_the_description_says_where_a_key_makes_a_repeat_safe():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path in (COMPLETIONS, RESPONSES):
        [key] = [told for told in paths[path]["post"]["parameters"] if told["name"] == "Idempotency-Key"]
        assert "metadata.chat_id" in key["description"]


# Refusals


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [said("")]}, "messages"),
        ({"messages": [said(role="system")]}, "messages"),
        ({"messages": [said(role="judge")]}, "messages.0.role"),
        ({"messages": [said(), {"content": "x"}]}, "messages.1.role"),
        ({"messages": [said(5)]}, "messages.0.content"),
        ({"messages": [said(["x"])]}, "messages.0.content"),
        ({"messages": [said([{"type": "text", "text": 5}])]}, "messages.0.content"),
        ({"messages": [said([{"type": "input_audio"}])]}, "messages.0.content"),
        ({"messages": [said([{"type": {}}])]}, "messages.0.content"),
        ({"messages": [said([{"type": "image_url"}])]}, "messages.0.content"),
        ({"messages": [said(image("https://x.org/a.png"))]}, "messages.0.content"),
        ({"messages": [said(image("data:image/png;base64,A"))]}, "messages.0.content"),
        ({"messages": [said([{"type": "file", "file": {"file_id": "file-1"}}])]}, "messages.0.content"),
        ({"messages": [said()] * 1001}, "messages"),
        ({"n": 2}, "n"),
        ({"n": "1"}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": 1}, "stream_options"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [""]}, "stop"),
        ({"stop": 1}, "stop"),
        ({"metadata": {"chat_id": 5}}, "metadata.chat_id"),
        ({"model": 5}, "model"),
        ({"model": None}, "model"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_place(owner, model, fields, param):
    response = post(owner, asking(model) | fields)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
    assert (response.json()["error"]["param"] or "").startswith(param), response.json()
    assert response.json()["error"]["message"]


def test_why_no_image_is_fetched_is_said(owner, model):
    refused = post(owner, asking(model, said(image("http://169.254.169.254/latest"))))
    assert "Nothing is fetched" in refused.json()["error"]["message"]


def test_what_an_agent_has_no_use_for_is_ignored(owner, model):
    extra = {"temperature": 2, "tools": [{"type": "function"}], "max_tokens": 5, "user": "x", "stop": None, "n": 1}
    assert post(owner, asking(model, **extra, metadata={"label": "mine"})).status_code == 200


def test_a_message_has_the_length_of_messages_in_chats(owner, model, settings):
    settings.MAX_MESSAGE_CHARS = 10
    assert post(owner, asking(model, said("x" * 10))).status_code == 200
    refused = post(owner, asking(model, said("x"), said("x" * 11)))
    assert refusal(refused) == (413, "context_length_exceeded", "messages.1.content")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"model": "\\u0000"}', b'{"model": "\\ud800"}', b"null"])
@pytest.mark.parametrize("path", [COMPLETIONS, RESPONSES])
def test_a_body_that_is_no_request_is_refused(owner, path, body):
    assert refusal(owner.post(path, body, "application/json"))[0] == 400


def test_every_refusal_of_the_door_has_its_shape(cast, owner, model):
    _, narrow = new_key(cast.owner, ["agents:read"])
    _, teams = new_key(cast.team)
    answers = [
        (post(Client(), asking(model)), 401, "invalid_api_key"),
        (post(Client(), asking(model), **with_key("parley_nonsense")), 401, "invalid_api_key"),
        (post(Client(), asking(model), **with_key(narrow)), 403, "scope_required"),
        (post(Client(), asking(model), **with_key(teams)), 403, "scope_required"),
        (owner.get(COMPLETIONS), 405, "method_not_allowed"),
        (owner.post(COMPLETIONS, {"model": "x"}), 415, "unsupported_media_type"),
        (owner.post("/v1/chat/nothing"), 404, "not_found"),
        (post(Client(), asking(model), origin="https://evil.example"), 403, "cross_origin"),
    ]
    for response, status, code in answers:
        assert refusal(response)[:2] == (status, code)
    assert "error" not in owner.get("/v1/nothing").json()


def test_either_header_and_a_token_open_it(cast, owner, model):
    _, text = new_key(cast.owner, ["agents:read", "chats:write"])
    for header in ("authorization", "x-api-key"):
        assert post(Client(), asking(model), **with_key(text, header=header)).status_code == 200
        assert Client().get("/v1/models", headers=with_key(text, header=header)).status_code == 200


# Limits and books


@pytest.mark.parametrize(("window", "code"), [("hour", "rate_limit_exceeded"), ("month", "insufficient_quota")])
@pytest.mark.parametrize("path", [COMPLETIONS, RESPONSES])
def test_over_the_limit_nothing_is_booked_or_kept(cast, client_of, window, code, path):
    limits = {"requests_per_hour": 1 if window == "hour" else None, "runs_per_month": 1 if window == "month" else None}
    Tier.objects.create(name="one", **limits)
    person = UserFactory(team=cast.team, tier_id="one")
    run = RunFactory(user=person, owner="test", lease_until=timezone.now())
    for metadata in ({}, {"chat_id": "new"}):
        body = asking(run.agent, metadata=metadata, input="Hello")
        refused = post(client_of(person), body, path)
        assert refusal(refused) == (429, code, None)
        assert (refused["RateLimit-Remaining"], refused["x-should-retry"]) == ("0", "false")
        assert int(refused["Retry-After"]) > 0
    with tenant_scope(cast.team.id):
        assert (Run.objects.count(), Chat.objects.count()) == (1, 0)


def test_who_has_no_tier_is_told(cast, client_of, model):
    nobody = UserFactory(team=cast.team, tier_id="none")
    assert refusal(post(client_of(nobody), asking(model))) == (403, "tier_required", None)


def test_a_question_is_booked_and_none_of_its_text_kept(cast, client_of, model):
    Tier.objects.create(name="three", requests_per_hour=3)
    person = UserFactory(team=cast.team, tier_id="three")
    response = post(client_of(person), asking(model, said("a secret"), said("yes", "assistant"), said("more")))
    assert (response.status_code, response["RateLimit-Remaining"]) == (200, "2")
    with tenant_scope(cast.team.id):
        [run] = Run.objects.all()
        assert (run.purpose, run.user, run.agent, run.charged, run.chars_in) == ("api", person, model, True, 15)
        assert not Message.objects.exists()


# Chats


def test_a_chat_that_is_not_ones_own_is_no_chat(cast, owner, model):
    theirs = ChatFactory(user=cast.teammate, agent=model)
    foreign = ChatFactory(user=cast.outsider)
    absent = post(owner, asking(model, metadata={"chat_id": str(uuid4())}))
    assert refusal(absent) == (404, "not_found", "metadata.chat_id")
    for chat_id in (theirs.pk, foreign.pk, "nonsense"):
        assert post(owner, asking(model, metadata={"chat_id": str(chat_id)})).json() == absent.json()
    with tenant_scope(cast.team.id):
        assert not Run.objects.exists()


def test_a_chat_goes_on_with_its_own_agent_only(cast, owner, model, chat):
    assert refusal(post(owner, asking(model, metadata={"chat_id": str(chat.pk)}))) == (400, "validation_error", "model")


def test_the_last_question_becomes_the_next_message_of_a_chat(cast, owner, chat):
    messages = [said("earlier"), said("before", "assistant"), said([{"type": "text", "text": "now"}])]
    response = post(owner, asking(chat.agent, *messages, metadata={"chat_id": str(chat.pk)}))
    assert (response.status_code, response["X-Chat-Id"]) == (200, str(chat.pk))
    with tenant_scope(cast.team.id):
        kept = [(message.role, message.content, message.status) for message in Message.objects.filter(chat=chat)]
        assert kept == [("user", "now", "complete"), ("assistant", "", "streaming")]
    again = post(owner, asking(chat.agent, metadata={"chat_id": str(chat.pk)}))
    assert refusal(again) == (409, "run_in_progress", None)


def test_a_key_names_one_question_of_a_chat(owner, chat):
    asked = asking(chat.agent, metadata={"chat_id": str(chat.pk)})
    assert "Idempotent-Replayed" not in post(owner, asked, idempotency_key="k")
    assert post(owner, asked, idempotency_key="k")["Idempotent-Replayed"] == "true"
    other = asking(chat.agent, said("Other"), metadata={"chat_id": str(chat.pk)})
    assert refusal(post(owner, other, idempotency_key="k")) == (422, "idempotency_mismatch", None)


# Files


@pytest.fixture
def seeing(cast):
    return AgentFactory(team=cast.team, name="Seeing", kind="openai", webhook_url="https://agent.example/v1")


def test_an_image_comes_with_its_message(cast, owner, seeing):
    parts = [{"type": "text", "text": "What is it?"}, *image(PIXEL)]
    assert post(owner, asking(seeing, said(parts))).status_code == 200
    assert post(owner, asking(seeing, said(parts), metadata={"chat_id": "new"})).status_code == 200
    with tenant_scope(cast.team.id):
        [kept] = Attachment.objects.all()
        assert (kept.media_type, bytes(kept.data)) == ("image/png", base64.b64decode(PIXEL.partition(",")[2]))


def test_a_file_that_the_agent_cannot_read_is_refused(cast, owner):
    agent = AgentFactory(team=cast.team, kind="ollama", webhook_url="https://agent.example")
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQK"}}
    refused = post(owner, asking(agent, said([file])))
    assert refusal(refused)[:2] == (400, "attachment_not_taken")


# Responses


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": 5}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"role": "judge", "content": "x"}]}, "input"),
        ({"instructions": 5}, "instructions"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": {"id": "c"}}, "conversation"),
    ],
)
def test_a_response_is_asked_for_in_its_own_form(owner, model, fields, param):
    response = post(owner, {"model": str(model.pk), "input": "Hello"} | fields, RESPONSES)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


def test_what_tools_did_is_no_message(owner, model):
    items = [{"type": "reasoning", "summary": []}, {"role": "user", "content": "Hello"}, {"type": "function_call"}]
    assert post(owner, {"model": str(model.pk), "input": items}, RESPONSES).status_code == 200
