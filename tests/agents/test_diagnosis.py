"""A test of an agent over real HTTP: each failure has its code, its step and both sentences."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agents import diagnosis
from agents.advice import ADVICE
from agents.diagnosis import examining
from agents.diagnosis.steps import MOMENTS
from agents.exceptions import SENTENCES
from agents.kinds import http
from agents.models import Agent, Run
from agents.relay import ledger
from tenants.exceptions import TooManyRequests
from tenants.scope import tenant_scope
from tests.agents.answering import Answering, answering
from tests.conftest import Cast
from tests.factories import AgentFactory
from tests.wire.upstream import chunk, chunked, response

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = list(MOMENTS)
N8N = '{"type":"begin","metadata":{"nodeId":"a","nodeName":"AI Agent","itemIndex":0,"runIndex":0,"timestamp":1}}\n'
ITEM = '{"type":"item","content":"Hello","metadata":{"nodeId":"a","nodeName":"AI Agent","itemIndex":0,"runIndex":0}}\n'
ERROR = '{"type":"error","metadata":{"nodeId":"a","nodeName":"AI Agent","itemIndex":0,"runIndex":0}}\n'
NOT_REGISTERED = '{"code":404,"message":"The requested webhook \\"POST x\\" is not registered.","hint":"Activate it."}'
BASIC = 'WWW-Authenticate: Basic realm="Office"\r\n'
LONG = {"text_bytes": 10}


async def silence(writer: asyncio.StreamWriter) -> None:
    """Send the head of an answer and nothing else for longer than any test here waits."""
    writer.write(chunked(end=False))
    await writer.drain()
    await asyncio.sleep(0.7)


async def dribble(writer: asyncio.StreamWriter) -> None:
    """Send a piece of text every while until the client leaves."""
    writer.write(chunked(end=False))
    while True:
        writer.write(chunk('data: {"content":"so "}\n\n'))
        await writer.drain()
        await asyncio.sleep(0.05)


def refused() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/x"


# What the agent answers (or its address), its settings, the code, the step that fails, words of the advice.
FAILURES: dict[str, tuple[Any, dict[str, Any], str, str, str]] = {
    "unknown name": ("http://no-such-host.invalid/x", {}, "unreachable", "address", "host name"),
    "private address": ("http://10.1.2.3/x", {}, "blocked_address", "address", "operator"),
    "refused": (refused(), {}, "unreachable", "connect", "nothing listens"),
    "no TLS": ("https://127.0.0.1:{port}/x", {}, "unreachable", "connect", "TLS"),
    "bad token": (response("no", status="401 X"), {}, "auth", "first_byte", "kind of authentication"),
    "Basic wanted": (response("no", status="401 X", extra=BASIC), {}, "auth", "first_byte", "to Basic"),
    "no secret": (response("Authorization", status="403 X"), {"auth_kind": "none"}, "auth", "first_byte", "Enter the"),
    "a bot": (response("", status="403 X"), {}, "auth", "first_byte", "Ignore Bots"),
    "credentials": (response("", status="428 X"), {}, "auth", "first_byte", "connect the credentials"),
    "inactive": (response(NOT_REGISTERED, status="404 X"), {}, "not_registered", "first_byte", "Activate"),
    "wrong path": (response("", status="404 X"), {}, "not_found", "first_byte", "path"),
    "no POST": (response("", status="405 X"), {}, "not_found", "first_byte", "POST"),
    "too much": (response("", status="413 X"), {}, "rejected", "first_byte", "larger messages"),
    "bad model": (response('{"error":"no such model"}', status="400 X"), {}, "rejected", "first_byte", "model"),
    "busy": (response("", status="429 X"), {}, "busy", "first_byte", "limit of calls"),
    "workflow": (response('{"message":"Error in workflow"}', status="500 X"), {}, "failed", "first_byte", "executions"),
    "gateway": (response("", status="504 X"), {}, "timeout", "first_byte", "streaming"),
    "redirect": (response("", status="302 X", extra="Location: /y\r\n"), {}, "redirect", "first_byte", "points to"),
    "no content": (response("", status="204 X"), {}, "empty", "first_byte", "200"),
    "no byte": (response(""), {}, "empty", "first_byte", "the trigger streams but the agent node does not"),
    "hangs": (silence, {"limits": {"first_byte": 0.2}}, "timeout", "first_byte", "“First byte of the answer”"),
    "a picture": (response("x", "image/png"), {}, "unsupported_type", "format", "text, JSON"),
    "a page": (response("<html><title>Sign in</title></html>", "text/html"), {}, "html", "format", "sign-in page"),
    "no JSON": (response("oops"), {}, "bad_json", "format", "valid JSON"),
    "at once": (response('{"message":"Workflow was started"}'), {}, "respond_immediately", "first_text", "Respond"),
    "no text": (response(N8N + '{"type":"end"}\n'), {}, "empty", "first_text", "in the agent node"),
    "error": (chunked(N8N, ERROR), {}, "failed", "first_text", "executions"),
    "error later": (chunked(N8N, ITEM, ERROR), {}, "failed", "end", "executions"),
    "cut": (chunked(N8N, ITEM, end=False), {}, "truncated", "end", "proxy"),
    "too long": (response("A long answer", "text/plain"), {"limits": LONG}, "too_large", "end", "Text of the answer"),
}


@pytest.fixture
def serve(settings: Any) -> Iterator[Answering]:
    settings.AGENT_ALLOWED_CIDRS, settings.AGENT_REQUIRE_HTTPS = ["127.0.0.0/8"], False
    with answering() as serve:
        yield serve


@pytest.fixture
def plain_port() -> Iterator[int]:
    """Give a port that answers a greeting of TLS with words."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with listening.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.limits.AGENT_TESTS_PER_PERSON", 1000)


def agent_at(cast: Cast, url: str, **fields: Any) -> Agent:
    token = fields.pop("token", "")
    agent = AgentFactory(team=cast.team, kind="webhook", webhook_url=url, config={}, **fields)
    if token:
        with tenant_scope(cast.team.id):
            agent.webhook_token = token
            agent.save()
    return agent


def examine(cast: Cast, agent: Agent, **asked: Any) -> diagnosis.Report:
    with tenant_scope(cast.team.id):
        return diagnosis.examine(agent, by=cast.admin, **asked)


def run_of(cast: Cast, report: diagnosis.Report) -> Run:
    with tenant_scope(cast.team.id):
        return Run.objects.get(id=report.run_id)


def states(report: diagnosis.Report) -> list[str]:
    return [step.state.value for step in report.steps]


def test_each_failure_stops_at_its_step_and_says_what_to_change(
    cast: Cast, serve: Answering, unlimited: None, plain_port: int
) -> None:
    for name, (answer, settings, code, failing, words) in FAILURES.items():
        url = answer.format(port=plain_port) if isinstance(answer, str) else serve(answer)
        report = examine(cast, agent_at(cast, url, **settings))
        at = STEPS.index(failing)
        assert (name, report.code, states(report)) == (
            name,
            f"AGENT_{code.upper()}",
            ["ok"] * at + ["failed"] + ["not_reached"] * (5 - at),
        )
        assert report.message == SENTENCES[f"agent_{code}"]
        assert words in report.advice, name
        assert report.steps[at].detail, name
        assert not report.ok
        times = [step.ms for step in report.steps[: at + 1]]
        assert times == sorted(times), name


def test_every_code_has_a_sentence_for_people_and_one_for_the_owner() -> None:
    assert ADVICE.keys() == SENTENCES.keys()
    untold = {"agent_paused"}  # a test is let through
    assert {f"agent_{code}" for _, _, code, _, _ in FAILURES.values()} == SENTENCES.keys() - untold
    for sentence in (*ADVICE.values(), *SENTENCES.values()):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_a_good_answer_ticks_every_step_and_is_kept_nowhere(cast: Cast, serve: Answering) -> None:
    agent = agent_at(cast, serve(chunked(N8N, ITEM, content_type="application/json")))
    report = examine(cast, agent, question="Who are you?")
    assert (report.ok, states(report), report.format, report.http_status) == (True, ["ok"] * 6, "n8n", 200)
    assert (report.code, report.message, report.advice, report.preview) == ("", "", "", "Hello")
    details = [step.detail for step in report.steps]
    assert details == [
        agent.webhook_url.split("/")[2], "", "status 200, application/json", "n8n", "", "5 characters",
    ]  # fmt: skip
    with tenant_scope(cast.team.id):
        assert "Hello" not in str(Run.objects.values().get())
    run = run_of(cast, report)
    assert (run.purpose, run.charged, run.user_id, run.status) == ("test", False, cast.admin.id, "complete")
    assert (run.chars_in, run.chars_out) == (12, 5)


def test_the_preview_is_short(cast: Cast, serve: Answering) -> None:
    assert len(examine(cast, agent_at(cast, serve(response("x" * 5000, "text/plain")))).preview) == 300


def test_the_built_in_demo_has_no_network_to_check(cast: Cast) -> None:
    report = examine(cast, AgentFactory(team=cast.team))
    assert (report.ok, states(report)) == (True, ["skipped"] * 4 + ["ok"] * 2)
    report = examine(cast, AgentFactory(team=cast.team, config={"demo_fail": True, "demo_seconds": 0.1}))
    assert (report.code, states(report)) == ("AGENT_FAILED", ["skipped"] * 4 + ["ok", "failed"])


def test_a_long_answer_is_left_while_it_flows_and_called_no_fault(
    cast: Cast, serve: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "SECONDS", 0.5)
    report = examine(cast, agent_at(cast, serve(dribble)))
    assert (report.ok, report.code, states(report)) == (True, "", ["ok"] * 5 + ["not_reached"])
    assert report.steps[5].detail.startswith("Still running after 0.5 s")
    assert run_of(cast, report).status == "stopped"


def test_an_agent_that_says_nothing_in_the_time_of_a_test_has_failed_it(
    cast: Cast, serve: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "SECONDS", 0.3)
    report = examine(cast, agent_at(cast, serve(silence)))
    assert (report.ok, report.code) == (False, "AGENT_TIMEOUT")
    assert "in a chat it is waited for longer" in report.advice


def test_the_secret_is_masked_wherever_the_agent_repeats_it(cast: Cast, serve: Answering) -> None:
    token = "sk-canary-4711-0815"
    refusal = response(f"Wrong: {token}", f"text/{token}", status="401 X", extra=f"WWW-Authenticate: {token}\r\n")
    for answer in (refusal, response(token, "text/plain"), response(f"<html><title>{token}</title>", "text/html")):
        report = examine(cast, agent_at(cast, serve(answer), token=token))
        assert token not in str(report)
        assert token not in str(vars(run_of(cast, report)))
        assert "••••" in str(report)


def test_of_a_long_answer_only_the_beginning_is_masked(
    cast: Cast, serve: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, looked_at = "sk-canary-4711-0815", 0
    without = http._without

    def counted(text: str, secret: str) -> str:
        nonlocal looked_at
        looked_at += len(text)
        return without(text, secret)

    monkeypatch.setattr(http, "_without", counted)
    for answer in (token[:8] * 60_000, "x" * 290 + token * 20_000):
        report = examine(cast, agent_at(cast, serve(response(answer, "text/plain")), token=token))
        assert report.ok
        assert 0 < len(report.preview) <= 300
        assert "sk-" not in report.preview
    assert 0 < looked_at < 10_000


def test_words_that_no_database_takes_are_mended(cast: Cast, serve: Answering) -> None:
    odd = b"HTTP/1.1 401 X\r\nContent-Type: text/\xff\xfe\r\nContent-Length: 3\r\n\r\n\x00\xff\x00"
    report = examine(cast, agent_at(cast, serve(odd)))
    assert report.code == "AGENT_AUTH"
    assert "\0" not in str(report)
    assert str(report).encode()


def test_a_lost_key_is_told_as_what_to_enter_again(cast: Cast, serve: Answering, settings: Any) -> None:
    agent = agent_at(cast, serve(response("{}")), token="sk-1234")
    settings.FIELD_KEYS = ["another-key-that-opens-nothing-at-all-0000"]
    report = examine(cast, agent)
    assert (report.code, states(report)[0]) == ("AGENT_AUTH", "failed")
    assert report.advice.startswith("Enter the secret again")


def test_a_fault_of_ours_says_nothing_of_itself(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(examining, "call_agent", broken)
    report = examine(cast, AgentFactory(team=cast.team))
    assert "mistake" not in str(report)
    assert "a mistake of ours" in caplog.text
    assert "operator" in report.advice


def test_an_operators_test_is_booked_in_the_agents_team_for_nobody(cast: Cast) -> None:
    agent = AgentFactory(team=cast.team)
    report = diagnosis.examine(agent, by=cast.operator)
    run = run_of(cast, report)
    assert (run.user_id, run.team_id, run.purpose) == (None, cast.team.id, "test")


def test_a_person_may_test_so_often_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.limits.AGENT_TESTS_PER_PERSON", 1)
    agent = AgentFactory(team=cast.team)
    examine(cast, agent)
    with pytest.raises(TooManyRequests):
        examine(cast, agent)
    assert diagnosis.examine(agent, by=cast.operator).ok
    with tenant_scope(cast.team.id):
        assert Run.objects.count() == 2


def test_a_test_whose_process_died_is_swept_and_says_so(cast: Cast) -> None:
    agent = AgentFactory(team=cast.team)
    with tenant_scope(cast.team.id):
        booked = examining._book(agent, cast.admin, "Hi")
        assert ledger.sweep_expired() == 0
        Run.objects.filter(id=booked.run.id).update(lease_until=booked.run.started_at)
        assert ledger.sweep_expired() == 1
        report = diagnosis.find_report(agent, booked.run.id)
    assert report is not None
    assert (report.is_running, report.ok, report.steps) == (False, False, [])
    assert "Run it again" in report.message
