"""The OpenAI-compatible door as real clients meet it, at a running server and an agent under the test's control."""

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from uuid import uuid4

import httpx
import openai
import pytest

from tests.live.clients import Official, Other, text_of
from tests.live.conftest import add_agent
from tests.live.limited import add_limited
from tests.live.people import Person, all_at_once, wait_until
from tests.live.test_keys import make_key

pytestmark = pytest.mark.processes
SCOPES = ("agents:read", "chats:write", "chats:read")
STREAMS = 20
# The second reads every event as an answer, and tells what there is instead.
CUT = {Official: "The answer was cut off", Other: "agent_truncated"}


@pytest.fixture(scope="module")
def user(server, demo):
    with Person(server, demo["user"]["email"], demo["user"]["password"]) as person:
        yield person


@pytest.fixture(scope="module")
def admin(server, demo):
    with Person(server, demo["admin"]["email"], demo["admin"]["password"]) as person:
        yield person


@pytest.fixture(scope="module")
def limited(server):
    """Somebody with one call an hour for each client."""
    return add_limited(server, {f"once-by-{kind.__name__.lower()}": (1, None) for kind in CUT})


@pytest.fixture(scope="module")
def key(user):
    return make_key(user, *SCOPES).text


@pytest.fixture
def model(admin, agent):
    return add_agent(admin, agent.url)


@pytest.fixture(params=[Official, Other], ids=["openai", "mistralai"])
def kind(request):
    return request.param


@pytest.fixture
def client(kind, server, key):
    return kind(server.base_url, key)


@pytest.fixture
def official(server, key):
    return Official(server.base_url, key)


@pytest.fixture
def door(server, key):
    """The bare HTTP of the door."""
    with httpx.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        yield client


@contextmanager
def answering(agent, answer: Callable, times: int = 1):
    """Have the agent answer in a thread of its own while a client waits."""
    helper = threading.Thread(target=lambda: [answer(agent.call()) for _ in range(times)])
    helper.start()
    yield
    helper.join(20)
    assert not helper.is_alive()


def says(*pieces):
    def answer(call):
        call.begin()
        for piece in pieces:
            call.say(piece)
        call.end()

    return answer


def fails_at_once(call):
    call.begin(status=500).end()


def hello(model, **fields):
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **fields}


def runs_of(user):
    return user.get("/v1/auth/me").json()["usage"]["runs_this_month"]


# What each client meets


def test_it_lists_the_agents(client, model, user):
    agents = user.get("/api/agents").json()
    assert client.models() == {agent["slug"]: agent["name"] for agent in agents}
    assert [agent["slug"][:4] for agent in agents if agent["id"] == model] == ["live"]


def test_it_gets_a_whole_answer(client, model, agent):
    with answering(agent, says("One, ", "two: ä😀.")):
        answer = client.whole(model, "Hello")
    assert answer.choices[0].message.content == "One, two: ä😀."
    assert (answer.choices[0].finish_reason, answer.model) == ("stop", model)
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (0, 0)


def test_it_streams_piece_by_piece(client, model, agent):
    begun = threading.Event()

    def answer(call):
        call.begin().say("One, ")
        assert begun.wait(20)  # the first piece was read before the second is said
        call.say("two.").end()

    with answering(agent, answer):
        chunks = []
        for chunk in client.stream(model, "Hello"):
            chunks.append(chunk)
            if text_of(chunks) == "One, ":
                begun.set()
    assert text_of(chunks) == "One, two."
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [*[None] * (len(chunks) - 1), "stop"]
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_sequence_ends_the_answer_and_the_run(client, model, agent, stream):
    calls = []

    def answer(call):
        calls.append(call.begin().say("keep this EN").say("D and not this"))

    with answering(agent, answer):
        if stream:
            text = text_of(client.stream(model, "Hello", stop=["END", "never"]))
        else:
            text = client.whole(model, "Hello", stop="END").choices[0].message.content
    assert text == "keep this "
    assert calls[0].closed.wait(10)


def test_a_bad_key_is_refused(kind, server, model):
    client = kind(server.base_url, "parley_nonsense")
    for ask in (lambda: client.whole(model, "Hello"), lambda: [*client.stream(model, "Hello")], client.models):
        with pytest.raises(Exception, match="API key is not valid") as refused:
            ask()
        assert refused.value.status_code == 401
        assert kind is Other or isinstance(refused.value, openai.AuthenticationError)


@pytest.mark.parametrize("model", [str(uuid4()), "Nobody"])
def test_an_unknown_model_is_refused(client, model):
    for ask in (lambda: client.whole(model, "Hello"), lambda: [*client.stream(model, "Hello")]):
        with pytest.raises(Exception, match="There is no agent") as refused:
            ask()
        assert refused.value.status_code == 404
        if isinstance(client, Official):
            assert isinstance(refused.value, openai.NotFoundError)
            assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


def test_an_exhausted_quota_is_refused(kind, server, limited, sign_in, model, agent):
    person = sign_in(limited[f"once-by-{kind.__name__.lower()}"])
    client = kind(server.base_url, make_key(person, *SCOPES).text)
    with answering(agent, says("yes")):
        client.whole(model, "Hello")
    for ask in (lambda: client.whole(model, "Hello"), lambda: [*client.stream(model, "Hello")]):
        with pytest.raises(Exception, match="Your tier allows 1 call") as refused:
            ask()
        assert refused.value.status_code == 429
    assert agent.calls.empty()
    if kind is Official:
        assert isinstance(refused.value, openai.RateLimitError)
        assert refused.value.code == "rate_limit_exceeded"
        headers = refused.value.response.headers
        assert (headers["ratelimit-remaining"], headers["x-should-retry"]) == ("0", "false")
        assert int(headers["retry-after"]) > 3000


@pytest.mark.parametrize("stream", [False, True])
def test_an_agent_that_fails_at_once_is_an_error_and_is_called_once(client, model, agent, user, stream):
    before = runs_of(user)
    with answering(agent, fails_at_once), pytest.raises(Exception, match="The agent") as refused:
        assert [*client.stream(model, "Hello")] if stream else client.whole(model, "Hello")
    assert refused.value.status_code == 502
    assert agent.calls.empty()
    assert runs_of(user) == before
    if isinstance(client, Official):
        assert isinstance(refused.value, openai.InternalServerError)
        assert refused.value.code == "agent_failed"


def test_an_agent_that_fails_in_the_middle_ends_the_stream_with_an_error(client, model, agent):
    chunks = []
    with (
        answering(agent, lambda call: call.begin().say("Half an ans").hang_up()),
        pytest.raises(Exception, match=CUT[type(client)]) as failed,
    ):
        chunks.extend(client.stream(model, "Hello"))
    assert text_of(chunks) == "Half an ans"
    if isinstance(client, Official):
        assert isinstance(failed.value, openai.APIError)
        assert (failed.value.code, failed.value.type) == ("agent_truncated", "server_error")


# What belongs to one client or to none


def test_an_agent_is_found_by_its_slug(official, admin, agent):
    name = f"Prüfer für Ärger/№ {uuid4().hex[:8]}"
    models = [add_agent(admin, agent.url, name=name) for _ in range(2)]
    slugs = [admin.get(f"/api/agents/{model}").json()["slug"] for model in models]
    assert slugs[0] == f"prüfer-für-ärgerno-{name[-8:]}"
    assert slugs[1] == f"{slugs[0]}-{models[1].replace('-', '')[:12]}"
    for slug, model in zip(slugs, models, strict=True):
        assert official.client.models.retrieve(slug).id == official.client.models.retrieve(model).id == slug
    with answering(agent, says("ja")):
        answer = official.whole(slugs[0], "Hallo")
    assert (answer.choices[0].message.content, answer.model) == ("ja", slugs[0])


def test_the_usage_that_the_agent_reports_comes_last(official, admin, agent):
    model = add_agent(admin, agent.url, kind="openai", config={"model": "m"})
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}

    def answer(call):
        call.begin()
        delta = [{"index": 0, "delta": {"content": "ok"}, "finish_reason": None}]
        for data in ({"choices": delta}, {"choices": [], "usage": usage}):
            call.chunk(f"data: {json.dumps({'object': 'chat.completion.chunk', **data})}\n\n".encode())
        call.chunk(b"data: [DONE]\n\n").end()

    with answering(agent, answer, times=2):
        *chunks, last = official.stream(model, "Hello", stream_options={"include_usage": True})
        whole = official.whole(model, "Hello")
    assert (last.choices, last.usage.prompt_tokens, last.usage.completion_tokens) == ([], 7, 5)
    assert all(chunk.usage is None for chunk in chunks)
    assert whole.usage.total_tokens == 12


def test_a_conversation_reaches_the_agent_as_it_was_sent(door, model, agent):
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "and two"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "t", "type": "function"}]},
        {"role": "tool", "content": "found", "tool_call_id": "t"},
        {"role": "user", "content": "Three"},
    ]
    seen = []

    def answer(call):
        seen.append(call.body)
        says("ok")(call)

    with answering(agent, answer):
        assert door.post("/v1/chat/completions", json={"model": model, "messages": messages}).status_code == 200
    said = [(message["role"], message["content"]) for message in seen[0]["messages"]]
    assert said == [("system", "Be brief."), ("user", "One\nand two"), ("assistant", "found"), ("user", "Three")]
    assert seen[0]["chatInput"] == "Three"


def test_a_talk_is_kept_as_a_chat(official, model, agent, user):
    with answering(agent, says("Fine.")):
        first = official.client.chat.completions.with_raw_response.create(
            model=model, messages=[{"role": "user", "content": "How are you?"}], metadata={"chat_id": "new"}
        )
    chat = first.headers["x-chat-id"]
    assert first.parse().metadata == {"chat_id": chat}
    seen = []

    def answer(call):
        seen.append(call.body)
        says("Still fine.")(call)

    with answering(agent, answer):
        chunks = [*official.stream(model, "And now?", metadata={"chat_id": chat})]
    assert (text_of(chunks), chunks[0].metadata) == ("Still fine.", {"chat_id": chat})
    assert [message["content"] for message in user.messages(chat)] == [
        "How are you?",
        "Fine.",
        "And now?",
        "Still fine.",
    ]
    assert [message["content"] for message in seen[0]["messages"]] == ["How are you?", "Fine.", "And now?"]


def test_a_repeat_with_the_same_key_gets_the_first_answer_of_the_chat(official, model, agent, user):
    chat = user.new_chat(model)
    headers = {"Idempotency-Key": uuid4().hex}
    with answering(agent, says("once")):
        first, again = (
            official.whole(model, "Hi", metadata={"chat_id": chat}, extra_headers=headers) for _ in range(2)
        )
    assert first.choices == again.choices
    assert text_of(official.stream(model, "Hi", metadata={"chat_id": chat}, extra_headers=headers)) == "once"
    assert len(user.messages(chat)) == 2
    assert agent.calls.empty()


def test_nothing_is_kept_without_a_chat(official, model, agent, user):
    before = user.get("/api/chats").headers["x-total-count"]
    with answering(agent, says("gone")):
        assert "metadata" not in official.whole(model, "Hello").to_dict()
    assert user.get("/api/chats").headers["x-total-count"] == before


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_stops_an_answer_that_nobody_keeps(door, model, agent, stream):
    with pytest.raises(httpx.ReadTimeout):
        door.post("/v1/chat/completions", json=hello(model, stream=stream), timeout=0.5)
    assert agent.call().closed.wait(10)


def test_a_client_that_goes_away_in_the_middle_stops_it_too(door, model, agent):
    calls = []
    with (
        answering(agent, lambda call: calls.append(call.begin().say("some"))),
        door.stream("POST", "/v1/chat/completions", json=hello(model, stream=True)) as response,
    ):
        assert any(b"some" in chunk for chunk in response.iter_raw())
    assert calls[0].closed.wait(10)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_kept_goes_on_without_its_client(door, model, agent, user, stream):
    chat = user.new_chat(model)
    asked = hello(model, stream=stream, metadata={"chat_id": chat})
    with pytest.raises(httpx.ReadTimeout):
        door.post("/v1/chat/completions", json=asked, timeout=0.5)
    call = agent.call().begin().say("all of ")
    assert not call.closed.is_set()
    call.say("it").end()
    wait_until(lambda: user.messages(chat)[-1]["status"] == "complete", seconds=10)
    assert user.messages(chat)[-1]["content"] == "all of it"


def test_twenty_streams_at_once_have_their_own_texts(official, model, agent):
    def answer_all():
        calls = [agent.call().begin() for _ in range(STREAMS)]
        for word in ("first", "second", "third"):
            for call in calls:
                call.say(f"{word} for {call.body['chatInput']} ")
        for call in calls:
            call.end()

    helper = threading.Thread(target=answer_all)
    helper.start()
    texts = all_at_once(STREAMS, lambda number: text_of(official.stream(model, f"number {number}")))
    helper.join(20)
    assert texts == [
        "".join(f"{word} for number {number} " for word in ("first", "second", "third")) for number in range(STREAMS)
    ]


def test_who_has_to_wait_in_line_is_answered_too(official, admin, agent):
    model = add_agent(admin, agent.url, max_concurrent=1)

    def answer_one_after_the_other():
        for _ in range(3):
            call = agent.call().begin().say("served")
            assert agent.calls.empty()  # the others wait until it has ended
            call.end()

    helper = threading.Thread(target=answer_one_after_the_other)
    helper.start()
    texts = all_at_once(3, lambda number: text_of(official.stream(model, f"number {number}")))
    helper.join(20)
    assert texts == ["served"] * 3


def test_a_body_that_is_too_large_is_refused_in_that_shape(door):
    refused = door.post("/v1/models", content=b"x" * (3 * 2**20 + 1))
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")


def test_an_answer_that_is_too_long_ends_as_one_that_reached_its_length(official, admin, agent):
    model = add_agent(admin, agent.url, limits={"text_bytes": 1024})
    with answering(agent, says("x" * 2000)):
        answer = official.whole(model, "Hello").choices[0]
    assert (answer.finish_reason, len(answer.message.content)) == ("length", 1024)


# Responses


def test_a_response_comes_whole(official, model, agent):
    seen = []

    def answer(call):
        seen.append(call.body)
        says("Fine.")(call)

    with answering(agent, answer):
        response = official.client.responses.create(model=model, instructions="Be brief.", input="How are you?")
    assert (response.output_text, response.status, response.usage.total_tokens) == ("Fine.", "completed", 0)
    assert [message["content"] for message in seen[0]["messages"]] == ["Be brief.", "How are you?"]


def test_a_response_streams_and_is_kept(official, model, agent, user):
    said = [{"role": "user", "content": [{"type": "input_text", "text": "How are you?"}]}]
    with (
        answering(agent, says("I am ", "fine.")),
        official.client.responses.stream(model=model, input=said, metadata={"chat_id": "new"}) as events,
    ):
        types = [event.type for event in events if event.type != "response.output_text.delta"]
        final = events.get_final_response()
    assert types == [
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert final.output_text == "I am fine."
    assert user.messages(final.metadata["chat_id"])[-1]["content"] == "I am fine."


def test_a_response_that_fails_in_the_middle_is_an_error(official, model, agent):
    def answer(call):
        call.begin().say("Half").hang_up()

    with answering(agent, answer), pytest.raises(openai.APIError, match="The answer was cut off"):
        [*official.client.responses.create(model=model, input="Hello", stream=True)]


def test_an_earlier_response_is_not_known(official, model):
    with pytest.raises(openai.BadRequestError, match="Responses are not kept here") as refused:
        official.client.responses.create(model=model, input="Hello", previous_response_id="resp_1")
    assert refused.value.param == "previous_response_id"
