"""Calls over a real socket: what an agent is sent, what becomes of what it answers, where a call may not go."""

import asyncio
import gzip
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest

from agents import breaker, outbound, replies, resolver
from agents import limits as limits_module
from agents.caller import Outcome, call_agent
from agents.exceptions import AgentError
from agents.kinds import Call, Said
from agents.wire import Text
from tests.wire.upstream import chunk, chunked, response, upstream

pytestmark = pytest.mark.asyncio
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def guard(settings):
    settings.AGENT_ALLOWED_HOSTS = []
    settings.AGENT_ALLOWED_CIDRS = ["127.0.0.0/8"]
    settings.AGENT_REQUIRE_HTTPS = False
    return settings


@pytest.fixture(autouse=True)
async def _closed():
    yield
    await outbound.close()


def call(url, **fields):
    return Call(**{"kind": "webhook", "url": url, "messages": [Said("user", "Hi")], **fields})


async def ask(url, **fields):
    """Return the text, the code of the error or `None`, the outcome and the error."""
    outcome, text, error = Outcome(), "", None
    try:
        async for event in call_agent(call(url, **fields), outcome):
            text += event.text if isinstance(event, Text) else ""
    except AgentError as failure:
        error = failure
    return text, error.code if error else None, outcome, error


async def answer_to(body, **fields):
    async with upstream(body) as server:
        return await ask(server.url, **fields)


async def test_a_stream_arrives_and_is_counted():
    pieces = [f'data: {{"content": "{word} "}}\n\n' for word in ("one", "two")]
    text, code, outcome, _ = await answer_to(chunked(*pieces, "data: [DONE]\n\n"))
    assert (text, code) == ("one two ", None)
    assert (outcome.http_status, outcome.format) == (200, "generic")
    assert outcome.received == len("".join(pieces)) + len("data: [DONE]\n\n")


async def test_what_a_webhook_is_sent():
    async with upstream(response('{"content": "ok"}')) as server:
        await ask(
            server.url,
            token="s3cret",
            system_prompt="Be brief.",
            config={"a": 1},
            conversation_id="c1",
            message_id="m1",
            user="Ann",
            agent_name="Bot",
            messages=[
                Said("user", "First", "2026-01-01T00:00:00Z"),
                Said("assistant", "Yes?", "2026-01-01T00:00:01Z"),
                Said("user", "Hi é\u2028", "2026-01-01T00:00:02Z"),
            ],
        )
        head, raw = server.requests[0]
    body = json.loads(raw)
    assert head.startswith("POST /webhook/x HTTP/1.1\r\n")
    for line in ("Authorization: Bearer s3cret", "Accept-Encoding: identity", "Content-Type: application/json"):
        assert f"\r\n{line}\r\n" in head
    assert "\r\nX-Request-Id: m1\r\n" in head
    assert "Cookie" not in head
    assert "User-Agent: Mozilla/5.0" in head
    assert body["messages"][2]["content"] == body["chatInput"] == "Hi é\u2028"
    assert body["system_prompt"] == "Be brief."
    assert body["config"] == {"a": 1}
    assert (body["action"], body["sessionId"], body["stream"]) == ("sendMessage", "c1", True)
    assert body["metadata"] == {"user": "Ann", "agent": "Bot", "message_id": "m1"}


async def test_openai_usage_is_noted():
    usage = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":7}}\n\n'
    text, code, outcome, _ = await answer_to(
        chunked('data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n', usage, "data: [DONE]\n\n"), kind="openai"
    )
    assert (text, code) == ("Hi", None)
    assert (outcome.format, outcome.prompt_tokens, outcome.completion_tokens) == ("openai", 3, 7)


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        (response("", status="302 Found", extra="Location: http://10.0.0.1/\r\n"), "agent_redirect", "10.0.0.1"),
        (response("<html><title>Sign in</title>", "text/html"), "agent_html", "Sign in"),
        (response('{"code":404,"message":"The webhook is not registered.","hint":"Activate it."}', status="404 No"),
         "agent_not_registered", "The webhook is not registered. Activate it."),
        (response("nothing here", "text/plain", "404 Not Found"), "agent_not_found", "nothing here"),
        (response("", status="410 Gone"), "agent_not_found", "410"),
        (response("No token provided", "text/plain", "401 Unauthorized"), "agent_auth", "No token provided"),
        (response('{"message":"too long"}', status="413 Too Large"), "agent_rejected", "too long"),
        (response('{"detail":"bad"}', status="422 Unprocessable"), "agent_rejected", "bad"),
        (response("", status="428 Precondition Required"), "agent_auth", "428"),
        (response("", status="429 Slow down", extra="Retry-After: 7\r\n"), "agent_busy", "7"),
        (response("", status="503 Busy"), "agent_busy", "503"),
        (response('{"message":"Error in workflow"}', status="500 Oops"), "agent_failed", "Error in workflow"),
        (response("", status="502 Bad Gateway"), "agent_timeout", "streaming"),
        (response("", status="524 A timeout occurred"), "agent_timeout", "streaming"),
        (response("x" * 300_000, "text/plain", "500 Oops"), "agent_failed", "x" * 200),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "agent_empty", "204"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 99\r\n\r\nhalf", "agent_failed", "half"),
        (b"", "agent_failed", "no HTTP answer"),
        (b"SSH-2.0-OpenSSH\r\n", "agent_failed", "no HTTP answer"),
        (response("\x89PNG", "image/png"), "agent_unsupported_type", "image/png"),
        (response('{"message":"Workflow was started"}'), "agent_respond_immediately", "Respond"),
        (response(""), "agent_empty", "streaming is on"),
    ],
)  # fmt: skip
async def test_what_is_no_answer(raw, code, words):
    text, seen, outcome, error = await answer_to(raw)
    assert (text, seen) == ("", code)
    assert words in error.diagnosis
    assert error.http_status == outcome.http_status


async def test_a_redirect_is_not_followed():
    async with upstream(response('{"content": "caught"}')) as target:
        moved = response("", status="307 Moved", extra=f"Location: {target.url}\r\n")
        assert (await answer_to(moved))[1] == "agent_redirect"
        assert target.requests == []


async def test_a_cut_body_keeps_its_text():
    text, code, _, _ = await answer_to(
        chunked('data: {"content": "Hel"}\n\n', 'data: {"content": "lo"}\n\n', end=False)
    )
    assert (text, code) == ("Hello", "agent_truncated")
    text, code, _, _ = await answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHello")
    assert (text, code) == ("Hello", "agent_truncated")


async def test_a_body_that_is_no_http_any_more_is_cut_at_once():
    async def loses_its_way(writer):
        writer.write(chunked("Hello", content_type="text/plain", end=False))
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(b"zz\r\nworld\r\n")
        await writer.drain()
        await asyncio.sleep(30)

    async with asyncio.timeout(10):
        assert (await answer_to(loses_its_way))[:2] == ("Hello", "agent_truncated")


async def test_a_body_without_length_ends_with_the_connection():
    assert (await answer_to(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nHello"))[:2] == ("Hello", None)


async def test_reading_stops_at_the_end_marker():
    async def never_ends(writer):
        writer.write(chunked("data: Hi\n\n", "data: [DONE]\n\n", end=False))
        await asyncio.sleep(30)

    started = time.monotonic()
    assert (await answer_to(never_ends))[:2] == ("Hi", None)
    assert time.monotonic() - started < 5


async def test_slow_agents():
    async def silent(writer):
        await asyncio.sleep(30)

    async def headers_only(writer):
        writer.write(chunked(end=False))
        await asyncio.sleep(30)

    async def stops(writer):
        writer.write(chunked("data: Hi\n\n", end=False))
        await asyncio.sleep(30)

    async def keeps_alive(writer):
        writer.write(chunked("data: Hi\n\n", end=False))
        while True:
            await asyncio.sleep(0.05)
            writer.write(chunk(": ping\n\n"))

    async def drips(writer):
        writer.write(chunked(end=False))
        while True:
            writer.write(chunk("data: x\n\n"))
            await asyncio.sleep(0.05)

    for answer, given, expected in [
        (silent, {"first_byte": 0.3}, ""),
        (headers_only, {"first_byte": 0.3}, ""),
        (stops, {"idle": 0.3}, "Hi"),
        (keeps_alive, {"no_text": 0.4, "idle": 0.3}, "Hi"),
        (drips, {"total": 0.4}, "xx"),
    ]:
        text, code, _, error = await answer_to(answer, limits=given)
        assert code == "agent_timeout", answer.__name__
        assert text.startswith(expected)
        assert str(next(iter(given.values()))) in error.diagnosis


async def test_after_an_error_only_a_short_silence_is_allowed(monkeypatch):
    monkeypatch.setattr(limits_module, "ERROR_GRACE", 0.3)

    async def n8n_after_its_own_time_out(writer):
        line = '{"type":"%s","content":"Hi","metadata":{}}\n'
        writer.write(chunked(line % "item", line % "error", content_type="application/json", end=False))
        await asyncio.sleep(30)

    text, code, _, error = await answer_to(n8n_after_its_own_time_out)
    assert (text, code) == ("Hi", "agent_timeout")
    assert "reported an error" in error.diagnosis


async def test_a_flood_ends_at_the_limit():
    async def flood(writer):
        writer.write(chunked(content_type="text/plain", end=False))
        while not writer.is_closing():
            writer.write(chunk(b"x" * 65536))
            await writer.drain()

    async with upstream(flood) as server:
        text, code, outcome, _ = await ask(server.url)
        assert (len(text), code) == (MIB, "agent_too_large")
        assert outcome.received < 2 * MIB
        await asyncio.wait_for(server.gone.wait(), 2)


@pytest.mark.parametrize("noise", [b": keep-alive\n\n", b'data: {"unknown": 1}\n\n', b"event: ping\n\n"])
async def test_a_flood_that_is_no_text_ends_at_the_limit_too(noise):
    async def flood(writer):
        writer.write(chunked("data: Hi\n\n", end=False))
        while not writer.is_closing():
            writer.write(chunk(noise * 2000))
            await writer.drain()

    async with upstream(flood) as server:
        text, code, outcome, _ = await ask(server.url, limits={"body_bytes": 500_000})
        assert (text, code) == ("Hi", "agent_too_large")
        assert 500_000 < outcome.received < MIB
        await asyncio.wait_for(server.gone.wait(), 2)


async def test_what_is_packed_leaves_others_their_turn():
    packed = gzip.compress(b": keep-alive\n\n" * (8 * MIB // 14))
    whole = response(packed, "text/event-stream", extra="Content-Encoding: gzip\r\n")
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    _, code, outcome, _ = await answer_to(whole)
    task.cancel()
    assert code == "agent_empty"
    assert turns > outcome.received / replies.PIECE


async def test_a_large_document_is_not_slowed_down():
    started = time.monotonic()
    text, code, _, _ = await answer_to(response(json.dumps({"content": "x" * 900_000})))
    assert (len(text), code) == (900_000, None)
    assert time.monotonic() - started < 2


async def test_gzip_is_read_although_it_was_not_asked_for():
    packed = gzip.compress(b'{"content": "Hi"}')
    assert (await answer_to(response(packed, extra="Content-Encoding: gzip\r\n")))[:2] == ("Hi", None)
    bomb = gzip.compress(b"x" * 50 * MIB)
    text, code, _, _ = await answer_to(response(bomb, "text/plain", extra="Content-Encoding: gzip\r\n"))
    assert (len(text), code) == (MIB, "agent_too_large")
    broken = response(b"no gzip", extra="Content-Encoding: gzip\r\n")
    assert (await answer_to(broken))[:2] == ("", "agent_truncated")
    assert (await answer_to(response(packed[:-9], extra="Content-Encoding: gzip\r\n")))[1] == "agent_truncated"
    assert (await answer_to(response(b"", extra="Content-Encoding: br\r\n")))[1] == "agent_unsupported_type"


async def test_nothing_is_read_after_the_end_of_what_was_packed():
    async def goes_on(writer):
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n"
        writer.write(head.encode() + gzip.compress(b"Hi"))
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()
            await asyncio.sleep(0.001)

    started = time.monotonic()
    assert (await answer_to(goes_on, limits={"total": 3}))[:2] == ("Hi", None)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("cancel", [True, False])
async def test_leaving_closes_the_connection(cancel):
    async def endless(writer):
        writer.write(chunked(end=False))
        while not writer.is_closing():
            writer.write(chunk("data: x\n\n"))
            await asyncio.sleep(0.01)

    async def listen(url, pieces):
        async with aclosing(call_agent(call(url))) as events:
            async for _ in events:
                if (pieces := pieces - 1) == 0:
                    return

    async with upstream(endless) as server:
        task = asyncio.create_task(listen(server.url, -1 if cancel else 3))
        await asyncio.sleep(0.3)
        if cancel:
            task.cancel()
        await asyncio.wait([task], timeout=1)
        await asyncio.wait_for(server.gone.wait(), 1)


async def test_the_first_text_does_not_wait():
    async def one_then_wait(writer):
        writer.write(chunked("data: x\n\n", end=False))
        await asyncio.sleep(30)

    async with upstream(one_then_wait) as server, aclosing(call_agent(call(server.url))) as events:
        started = time.monotonic()
        assert await anext(events) == Text("x")
        assert time.monotonic() - started < 0.5


async def test_cookies_are_not_kept():
    async with upstream(response('{"content": "ok"}', extra="Set-Cookie: a=b\r\n")) as server:
        await ask(server.url)
        await ask(server.url)
        assert len(server.requests) == 2
        assert "ookie" not in server.requests[1][0]


async def test_a_refused_connection_is_tried_twice():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    started = time.monotonic()
    text, code, outcome, error = await ask(f"http://127.0.0.1:{port}/")
    assert (text, code, outcome.http_status) == ("", "agent_unreachable", None)
    assert time.monotonic() - started >= outbound.RETRY_PAUSE
    assert error.public_code == "AGENT_UNREACHABLE"


async def test_nothing_is_sent_twice():
    async with upstream(b"") as server:
        assert (await ask(server.url))[1] == "agent_failed"
        assert len(server.requests) == 1


async def test_a_name_that_does_not_exist():
    assert (await ask("http://no-such-name.invalid/"))[1] == "agent_unreachable"


async def test_tls_is_not_skipped():
    async def no_tls(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(no_tls, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, code, _, error = await ask(f"https://127.0.0.1:{port}/")
    assert code == "agent_unreachable"
    assert "secure" in error.diagnosis


async def test_connecting_takes_no_longer_than_its_limit():
    async with upstream(b"") as waits_for_http:
        url = waits_for_http.url.replace("http:", "https:")
        started = time.monotonic()
        assert (await ask(url, limits={"connect": 0.3}))[1] == "agent_unreachable"
        assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]", "[::]"),
        *("[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "127.0.0.1."),
        *("169.254.169.254", "[fe80::1]", "10.0.0.1", "\uff11\uff12\uff17.0.0.1"),
    ],
)
async def test_private_addresses_are_not_dialled(guard, host):
    guard.AGENT_ALLOWED_CIDRS = []
    async with upstream(response('{"content": "caught"}')) as server:
        text, _, _, error = await ask(f"http://{host}:{server.port}/")
        assert server.requests == []
    assert text == ""
    assert error.public_code == "AGENT_UNREACHABLE"
    assert error.sentence == "The agent cannot be reached."


async def test_the_operator_may_allow_host_and_port(guard):
    guard.AGENT_ALLOWED_CIDRS = []
    async with upstream(response('{"content": "ok"}')) as server:
        guard.AGENT_ALLOWED_HOSTS = [f"localhost:{server.port}"]
        assert (await ask(f"http://LocalHost:{server.port}/"))[0] == "ok"
        assert (await ask(server.url))[1] == "agent_blocked_address"
        guard.AGENT_ALLOWED_HOSTS = [f"127.0.0.1:{server.port + 1}"]
        assert (await ask(server.url))[1] == "agent_blocked_address"


async def test_one_bad_address_fails_the_host(guard, monkeypatch):
    guard.AGENT_ALLOWED_CIDRS = []

    async def both(self, host, port=0, family=socket.AF_INET):
        return [
            {"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for address in ("93.184.216.34", "127.0.0.1")
        ]

    monkeypatch.setattr("agents.resolver.Resolver.resolve", both)
    assert (await ask("http://example.org/"))[1] == "agent_blocked_address"


async def test_names_that_hang_do_not_keep_others_waiting(guard, monkeypatch):
    look_up, answered = socket.getaddrinfo, threading.Event()

    def slow(host, *rest, **more):
        if host == "hangs.example":
            answered.wait(10)
            raise socket.gaierror("too late")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with ThreadPoolExecutor(2) as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        async with upstream(response('{"content": "ok"}')) as server:
            waiting = [asyncio.create_task(ask("http://hangs.example/", limits={"connect": 1})) for _ in range(4)]
            await asyncio.sleep(0.1)
            started = time.monotonic()
            assert (await ask(f"http://localhost:{server.port}/", limits={"connect": 5}))[0] == "ok"
            assert time.monotonic() - started < 0.8
            ends = await asyncio.gather(*waiting)
        assert time.monotonic() - started < 3
        answered.set()
    assert [(code, "within 1 s" in error.diagnosis) for _, code, _, error in ends] == [("agent_unreachable", True)] * 4


@pytest.fixture
def hanging(monkeypatch):
    """Let look-ups of `*.hangs.example` wait; give the names under way, what wakes the test, and what ends it."""
    look_up, begun, may_end = socket.getaddrinfo, [], threading.Event()

    def slow(host, *rest, **more):
        if not host.endswith("hangs.example"):
            return look_up(host, *rest, **more)
        begun.append(host)
        may_end.wait(20)
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    yield begun
    may_end.set()


async def grows_to(begun, number):
    async with asyncio.timeout(10):
        while len(begun) < number:
            await asyncio.sleep(0.005)


async def test_a_host_that_hangs_takes_a_few_look_ups_and_leaves_the_others_to_others(hanging):
    few = resolver.AT_ONCE_PER_HOST
    unlimited = {"connect": 20}
    async with upstream(response('{"content": "ok"}')) as server:
        calls = [asyncio.create_task(ask("http://hangs.example/", limits=unlimited)) for _ in range(resolver.AT_ONCE)]
        await grows_to(hanging, few)
        assert (await ask(f"http://localhost:{server.port}/", limits=unlimited))[0] == "ok"
        *_, error = await ask("http://hangs.example/", limits={"connect": 0.2})
        for each in calls:
            each.cancel()
        await asyncio.wait(calls)
        # Those that were left still have their threads: no other begins in their place.
        assert (await ask("http://hangs.example/", limits={"connect": 0.1}))[1] == "agent_busy"
        assert (await ask(f"http://localhost:{server.port}/", limits=unlimited))[0] == "ok"
    assert len(hanging) == few
    assert (error.code, breaker.verdict(error)) == ("agent_busy", breaker.Health.UNKNOWN)
    assert "look-up" in error.diagnosis


async def test_a_look_up_that_never_began_says_nothing_of_its_host_and_one_that_hangs_does(hanging, monkeypatch):
    monkeypatch.setattr(resolver, "AT_ONCE", 3)
    urls = [f"http://{number}.hangs.example/" for number in range(3)]
    calls = [asyncio.create_task(ask(url, limits={"connect": 1})) for url in urls]
    await grows_to(hanging, 3)
    *_, error = await ask("http://localhost/", limits={"connect": 0.2})
    assert (error.code, breaker.verdict(error)) == ("agent_busy", breaker.Health.UNKNOWN)
    for *_, error in await asyncio.gather(*calls):
        assert (error.code, breaker.verdict(error)) == ("agent_unreachable", breaker.Health.UNWELL)


async def test_look_ups_that_end_make_room_for_the_next(monkeypatch):
    monkeypatch.setattr(resolver, "AT_ONCE", 2)
    monkeypatch.setattr(resolver, "AT_ONCE_PER_HOST", 1)
    async with upstream(response('{"content": "ok"}')) as server:
        url = f"http://localhost:{server.port}/"
        assert [text for text, *_ in await asyncio.gather(*(ask(url) for _ in range(6)))] == ["ok"] * 6
        for _ in range(3):
            assert (await ask(f"http://no-such-name.invalid:{server.port}/"))[1] == "agent_unreachable"


async def test_https_can_be_required(guard):
    guard.AGENT_REQUIRE_HTTPS = True
    async with upstream(response("{}")) as server:
        _, code, _, error = await ask(server.url)
    assert code == "agent_unreachable"
    assert "https://" in error.diagnosis


@pytest.mark.parametrize("url", ["", "//x", "ftp://x/", "http://a..b/", "http://a b/", "http://u:p@127.0.0.1/"])
async def test_a_stored_address_is_not_believed(url):
    assert (await ask(url))[1] == "agent_unreachable"


async def test_a_token_with_a_line_break_is_refused():
    async with upstream(response("{}")) as server:
        assert (await ask(server.url, token="a\r\nX-Evil: 1"))[1] == "agent_auth"
        assert server.requests == []


async def test_the_demonstration_needs_no_network():
    text, code, _, _ = await ask("", kind="demo", config={"demo_seconds": 0.1})
    assert code is None
    assert text.startswith("## ")
    part, code, _, _ = await ask("", kind="demo", config={"demo_seconds": 0.1, "demo_fail": True})
    assert code == "agent_failed"
    assert text.startswith(part)
    assert part
    text, code, _, _ = await ask("", kind="demo", config={"demo_seconds": 0.1}, limits={"text_bytes": 40})
    assert (len(text.encode()), code) == (40, "agent_too_large")
