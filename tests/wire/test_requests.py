"""What each kind of agent is sent, as a real server receives it: exactly this, and its files as it takes them."""

import asyncio
import base64
import email.policy
import json
import threading
from email.parser import BytesParser

import pytest

from agents import outbound, packing
from agents.caller import call_agent
from agents.exceptions import AgentError
from agents.kinds import KINDS, Attached, Call, Remote, Said, takes
from tests.wire.upstream import response, upstream

pytestmark = pytest.mark.asyncio
PNG = Attached("cat.png", "image/png", b"\x89PNG\r\n\x1a\n")
TEXT = Attached("notes.txt", "text/plain", "Grüße".encode())
PDF = Attached("a b.pdf", "application/pdf", b"%PDF-1.7")
PNG64, TEXT64, PDF64 = (base64.b64encode(file.data).decode() for file in (PNG, TEXT, PDF))
PNG_URI, PDF_URI = f"data:image/png;base64,{PNG64}", f"data:application/pdf;base64,{PDF64}"
NOTES = "\n\nnotes.txt:\n\nGrüße"
SAID = [Said("user", "First"), Said("assistant", "Yes?"), Said("user", "Hi é\u2028", "2026-01-01T00:00:00Z")]
LAST = "Hi é\u2028"


@pytest.fixture(autouse=True)
async def _guard(settings):
    settings.AGENT_ALLOWED_CIDRS = ["127.0.0.0/8"]
    settings.AGENT_REQUIRE_HTTPS = False
    yield
    await outbound.close()


async def received(kind, *answers, path="", files=(), **fields):
    """Call an agent of a kind; return each request line, headers by their names, and body that its server got."""
    said = [*SAID[:-1], Said("user", LAST, SAID[-1].timestamp, tuple(files))]
    replies = iter([*(response(answer) for answer in answers), response("ok", "text/plain")])

    async def answer(writer):
        writer.write(next(replies))

    async with upstream(answer) as server:
        url = f"http://127.0.0.1:{server.port}{path}"
        given = {"messages": said, "conversation_id": "c1", "message_id": "m1", "user": "Ann", "agent_name": "Bot"}
        async for _ in call_agent(Call(kind=kind, url=url, **{**given, **fields})):
            pass
    return [(*heads(head), body) for head, body in server.requests]


def heads(head):
    line, *lines = head.strip().split("\r\n")
    return line.split(" ")[1], dict(each.split(": ", 1) for each in lines)


async def sent(kind, **fields):
    """Return the one path and JSON body."""
    [(path, headers, body)] = await received(kind, **fields)
    assert headers["Content-Type"] == "application/json"
    return path, json.loads(body)


def parts(headers, body):
    """Return a form's fields: name, file name, type, content."""
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    form = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in form.iter_parts()
    ]


def messages(**last):
    said = [{"role": "user", "content": "First"}, {"role": "assistant", "content": "Yes?"}]
    return [*said, {"role": "user", "content": LAST, **last}]


async def test_ollama():
    config = {"model": "m", "options": {"num_ctx": 4096}, "think": False, "stranger": 1}
    path, body = await sent("ollama", config=config, system_prompt="Be brief.", files=[PNG, TEXT, PDF])
    assert path == "/api/chat"
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, *messages(content=LAST + NOTES, images=[PNG64])],
        "stream": True,
        "options": {"num_ctx": 4096},
        "think": False,
    }
    path, body = await sent("ollama", config={"model": "m"}, path="/api/chat")
    assert (path, body) == ("/api/chat", {"model": "m", "messages": messages(), "stream": True})


async def test_openai_with_files():
    path, body = await sent("openai", config={"model": "m"}, path="/v1", files=[PNG, TEXT, PDF])
    assert path == "/v1/chat/completions"
    assert body["messages"] == messages(
        content=[
            {"type": "text", "text": LAST + NOTES},
            {"type": "image_url", "image_url": {"url": PNG_URI}},
            {"type": "file", "file": {"filename": "a b.pdf", "file_data": PDF_URI}},
        ]
    )


async def test_files_said_earlier_go_along_where_the_agent_keeps_nothing():
    said = [Said("user", "Look", attachments=(PNG,)), Said("assistant", "A cat."), Said("user", "Its colour?")]
    _, body = await sent("openai", config={"model": "m"}, messages=said)
    assert body["messages"][0]["content"][1]["image_url"] == {"url": PNG_URI}
    assert body["messages"][2] == {"role": "user", "content": "Its colour?"}
    _, body = await sent("ollama", config={"model": "m"}, messages=said)
    assert [message.get("images") for message in body["messages"]] == [[PNG64], None, None]
    _, body = await sent("webhook", messages=said)
    assert body["messages"][0] == {"role": "user", "content": "Look", "timestamp": ""}


async def test_dify():
    config = {"inputs": {"city": "Rome"}}
    path, body = await sent("dify", config=config, path="/v1", system_prompt="Be brief.")
    assert path == "/v1/chat-messages"
    assert body == {
        "inputs": {"system_prompt": "Be brief.", "city": "Rome"},
        "query": LAST,
        "response_mode": "streaming",
        "conversation_id": "",
        "user": "c1",
        "files": [],
    }
    _, body = await sent("dify", path="/v1/chat-messages", their_conversation_id="theirs")
    assert body["conversation_id"] == "theirs"


async def test_dify_is_given_files_before_the_question():
    answers = ['{"id": "f1"}', '{"id": "f2"}']
    *uploads, question = await received("dify", *answers, path="/v1/", files=[PNG, PDF], token="t0ken")
    for (path, headers, body), file in zip(uploads, (PNG, PDF), strict=True):
        assert (path, headers["Authorization"]) == ("/v1/files/upload", "Bearer t0ken")
        assert parts(headers, body) == [
            ("file", file.name, file.media_type, file.data),
            ("user", None, "text/plain", b"c1"),
        ]
    path, _, body = question
    assert path == "/v1/chat-messages"
    assert json.loads(body)["files"] == [
        {"type": "image", "transfer_method": "local_file", "upload_file_id": "f1"},
        {"type": "document", "transfer_method": "local_file", "upload_file_id": "f2"},
    ]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (response("{}"), "agent_bad_json"),
        (response('{"id": 5}'), "agent_bad_json"),
        (response("[" * 60_000), "agent_bad_json"),
        (response('"' + "x" * 70_000 + '"'), "agent_bad_json"),
        (response("nothing"), "agent_bad_json"),
        (response('{"message": "too big"}', status="413 Too Large"), "agent_rejected"),
        (response("", status="302 Found", extra="Location: http://10.0.0.1/\r\n"), "agent_redirect"),
    ],
)
async def test_after_a_failed_upload_nothing_is_asked(answer, code):
    async with upstream(answer) as server:
        call = Call(kind="dify", url=server.url, messages=[Said("user", "Hi", attachments=(PNG,))])
        with pytest.raises(AgentError) as error:
            async for _ in call_agent(call):
                pass
        assert error.value.code == code
        assert len(server.requests) == 1


async def test_an_upload_is_waited_for_no_longer_than_the_call():
    async def silent(writer):
        await asyncio.sleep(30)

    async with upstream(silent) as server:
        said = [Said("user", "Hi", attachments=(PNG,))]
        with pytest.raises(AgentError) as error:
            async for _ in call_agent(Call(kind="dify", url=server.url, messages=said, limits={"first_byte": 0.2})):
                pass
        assert error.value.code == "agent_timeout"
        await asyncio.wait_for(server.gone.wait(), 2)


async def test_an_upload_goes_through_the_guard(settings):
    settings.AGENT_ALLOWED_CIDRS = []
    async with upstream(response('{"id": "f1"}')) as server:
        call = Call(kind="dify", url=server.url, messages=[Said("user", "Hi", attachments=(PNG,))])
        with pytest.raises(AgentError) as error:
            await anext(call_agent(call))
        assert error.value.code == "agent_blocked_address"
        assert server.requests == []


async def test_flowise():
    config = {"overrideConfig": {"temperature": 0, "sessionId": "another's"}}
    path, body = await sent(
        "flowise", config=config, path="/api/v1/prediction/f", system_prompt="Be brief.", files=[PNG, TEXT]
    )
    assert path == "/api/v1/prediction/f"
    assert body == {
        "question": LAST,
        "streaming": True,
        "chatId": "c1",
        "overrideConfig": {"systemMessage": "Be brief.", "temperature": 0, "sessionId": "c1"},
        "uploads": [
            {"type": "file", "data": PNG_URI, "name": "cat.png", "mime": "image/png"},
            {"type": "file:full", "data": "Grüße", "name": "notes.txt", "mime": "text/plain"},
        ],
    }


async def test_langflow():
    path, body = await sent("langflow", path="/api/v1/run/f?stream=false&a=1", config={"tweaks": {"x": {"y": 1}}})
    assert path == "/api/v1/run/f?a=1&stream=true"
    assert body == {
        "input_value": LAST,
        "input_type": "chat",
        "output_type": "chat",
        "session_id": "c1",
        "tweaks": {"x": {"y": 1}},
    }


async def test_langserve():
    session = {"configurable": {"session_id": "c1"}}
    assert await sent("langserve", path="/chain/") == ("/chain/stream", {"input": LAST, "config": session})
    config = {"input": "messages", "input_key": "talk", "configurable": {"user": 5}}
    path, body = await sent("langserve", path="/chain/stream", config=config, system_prompt="Be brief.")
    assert path == "/chain/stream"
    assert body == {
        "input": {
            "talk": [
                {"type": "system", "content": "Be brief."},
                {"type": "human", "content": "First"},
                {"type": "ai", "content": "Yes?"},
                {"type": "human", "content": LAST},
            ]
        },
        "config": {"configurable": {"user": 5, "session_id": "c1"}},
    }


async def test_ag_ui():
    config = {"state": {"n": 1}, "forwardedProps": {"p": 2}}
    _, body = await sent("agui", config=config, system_prompt="Be brief.", files=[PNG, PDF])
    assert body == {
        "threadId": "c1",
        "runId": "m1",
        "state": {"n": 1},
        "messages": [
            {"id": "system", "role": "system", "content": "Be brief."},
            {"id": "1", "role": "user", "content": "First"},
            {"id": "2", "role": "assistant", "content": "Yes?"},
            {
                "id": "3",
                "role": "user",
                "content": [
                    {"type": "text", "text": LAST},
                    {
                        "type": "image",
                        "source": {"type": "data", "value": PNG64, "mimeType": "image/png"},
                        "metadata": {"filename": "cat.png"},
                    },
                    {
                        "type": "document",
                        "source": {"type": "data", "value": PDF64, "mimeType": "application/pdf"},
                        "metadata": {"filename": "a b.pdf"},
                    },
                ],
            },
        ],
        "tools": [],
        "context": [],
        "forwardedProps": {"p": 2},
    }


async def test_vercel():
    _, body = await sent("vercel", config={"body": {"model": "m", "id": "another's"}}, files=[PNG])
    assert body == {
        "id": "c1",
        "messages": [
            {"id": "1", "role": "user", "parts": [{"type": "text", "text": "First"}]},
            {"id": "2", "role": "assistant", "parts": [{"type": "text", "text": "Yes?"}]},
            {
                "id": "3",
                "role": "user",
                "parts": [
                    {"type": "text", "text": LAST},
                    {"type": "file", "mediaType": "image/png", "filename": "cat.png", "url": PNG_URI},
                ],
            },
        ],
        "trigger": "submit-message",
        "model": "m",
    }


async def test_a2a():
    [(_, headers, body)] = await received("a2a", files=[PNG])
    assert headers["A2A-Version"] == "1.0"
    assert json.loads(body) == {
        "jsonrpc": "2.0",
        "id": "m1",
        "method": "SendStreamingMessage",
        "params": {
            "message": {
                "role": "ROLE_USER",
                "parts": [{"text": LAST}, {"raw": PNG64, "mediaType": "image/png", "filename": "cat.png"}],
                "messageId": "m1",
            }
        },
    }
    old = {"config": {"version": "0.3"}, "their_conversation_id": "theirs", "files": [PNG]}
    [(_, headers, body)] = await received("a2a", **old)
    assert headers["A2A-Version"] == "0.3"
    assert json.loads(body) == {
        "jsonrpc": "2.0",
        "id": "m1",
        "method": "message/stream",
        "params": {
            "message": {
                "kind": "message",
                "role": "user",
                "parts": [
                    {"kind": "text", "text": LAST},
                    {"kind": "file", "file": {"bytes": PNG64, "mimeType": "image/png", "name": "cat.png"}},
                ],
                "messageId": "m1",
                "contextId": "theirs",
            }
        },
    }


async def test_a_webhook_gets_files_as_n8ns_own_chat_sends_them():
    odd = Attached('ü "x"\\\r\n.txt', "text/plain", b"--\r\n\r\n")
    [(_, headers, body)] = await received("webhook", files=[PNG, odd], config={"a": 1}, system_prompt="Be brief.")
    assert headers["Content-Length"] == str(len(body))
    fields = parts(headers, body)
    assert [(name, filename, media) for name, filename, media, _ in fields[-2:]] == [
        ("files", "cat.png", "image/png"),
        ("files", "ü _x____.txt", "text/plain"),
    ]
    assert [content for *_, content in fields[-2:]] == [PNG.data, odd.data]
    assert {filename for _, filename, *_ in fields[:-2]} == {None}
    said = {name: content.decode() for name, _, _, content in fields[:-2]}
    assert [json.loads(said.pop(name)) for name in ("messages", "config", "metadata")] == [
        [message.as_json() for message in SAID],
        {"a": 1},
        {"user": "Ann", "agent": "Bot", "message_id": "m1"},
    ]
    assert said == {
        "system_prompt": "Be brief.",
        "action": "sendMessage",
        "chatInput": LAST,
        "sessionId": "c1",
        "stream": "true",
    }


async def test_large_files_arrive_whole():
    large = Attached("large.bin", "application/octet-stream", bytes(range(256)) * 12_000)
    [(_, headers, body)] = await received("webhook", files=[large])
    assert parts(headers, body)[-1][-1] == large.data
    [(_, _, body)] = await received("vercel", files=[large])
    assert json.loads(body)["messages"][2]["parts"][1]["url"].endswith(base64.b64encode(large.data).decode())


async def test_only_a_request_with_files_is_built_beside_the_loop(monkeypatch):
    threads, dumped = [], []

    def request(call):
        threads.append(threading.get_ident())
        return KINDS["openai"].request(call)

    def noted(write):
        def noting(*args):
            dumped.append(threading.get_ident())
            return write(*args)

        return noting

    monkeypatch.setitem(KINDS, "spied", Remote("Spied", request))
    monkeypatch.setattr(packing, "_in_parts", noted(packing._in_parts))
    monkeypatch.setattr(packing.json, "dumps", noted(json.dumps))
    here = threading.get_ident()
    said = [Said("user", "Look", attachments=(PNG,)), Said("user", "é\ud800")]
    await sent("spied", files=[PNG])
    path, body = await sent("spied", messages=said, path="/v1")
    assert (path, body["messages"][1]["content"]) == ("/v1/chat/completions", "é\ud800")
    assert body["messages"][0]["content"][1]["image_url"] == {"url": PNG_URI}
    assert len(threads) == len(dumped) == 2
    assert here not in threads + dumped
    await sent("spied")
    assert (threads[2:], dumped[2:]) == ([here], [here])


async def test_a_large_file_is_put_into_json_while_others_run(monkeypatch):
    begun, may_end = asyncio.Event(), threading.Event()
    loop, in_parts = asyncio.get_running_loop(), packing._in_parts

    def held(value):
        loop.call_soon_threadsafe(begun.set)
        assert may_end.wait(10)
        return in_parts(value)

    monkeypatch.setattr(packing, "_in_parts", held)
    asked = asyncio.create_task(sent("vercel", files=[PNG]))
    await asyncio.wait_for(begun.wait(), 10)
    assert await sent("webhook")
    may_end.set()
    assert (await asked)[1]["messages"][2]["parts"][1]["url"] == PNG_URI


@pytest.mark.parametrize(
    ("fields", "header", "value"),
    [
        ({"auth_kind": "none", "token": "s3cret"}, "Authorization", None),
        ({"auth_kind": "bearer", "token": "s3cret"}, "Authorization", "Bearer s3cret"),
        ({"auth_kind": "bearer"}, "Authorization", None),
        ({"auth_kind": "header", "auth_name": "X-API-Key", "token": "s3cret"}, "X-API-Key", "s3cret"),
        ({"auth_kind": "header", "token": "s3cret"}, "Authorization", None),
        ({"auth_kind": "basic", "auth_name": "Ann", "token": "s:3"}, "Authorization", "Basic QW5uOnM6Mw=="),
        ({"auth_kind": "basic", "auth_name": "Ann"}, "Authorization", "Basic QW5uOg=="),
        ({"user_agent": "Ours/1.0"}, "User-Agent", "Ours/1.0"),
        ({"user_agent": ""}, "User-Agent", "Mozilla/5.0 (compatible; Test/1)"),
    ],
)
async def test_who_sends_it(settings, fields, header, value):
    settings.AGENT_USER_AGENT = "Mozilla/5.0 (compatible; Test/1)"
    for kind in ("webhook", "a2a"):
        [(_, headers, body)] = await received(kind, **fields)
        assert headers.get(header) == value
        assert b"s3cret" not in body
        assert sum("s3cret" in sent for sent in headers.values()) == (value is not None and "s3cret" in value)


async def test_every_kind_can_be_asked_and_says_what_it_takes():
    image, anything = [], []
    for kind in KINDS:
        [*_, (path, _, _)] = await received(kind, config={"model": "m"}) if kind != "demo" else [("/", {}, b"")]
        assert path.startswith("/")
        image += [kind] * takes(kind, "image/png")
        anything += [kind] * takes(kind, "application/zip")
        assert takes(kind, "text/csv") == takes(kind, "image/png")
    assert image == ["webhook", "openai", "ollama", "dify", "flowise", "agui", "vercel", "a2a", "demo"]
    assert anything == ["webhook", "dify", "agui", "vercel", "a2a", "demo"]
    assert [kind for kind in KINDS if takes(kind, "application/pdf")] == ["webhook", "openai", *anything[1:]]
    assert not takes("openai", "image/svg+xml")
