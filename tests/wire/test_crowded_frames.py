"""One event or document may hold very many values: looking through it is bounded, and so is what it tells."""

import json

import pytest

from agents.wire import Notice, document
from tests.wire.cases.case import lines, sse
from tests.wire.reading import JSON, MIB, SSE, outcome, read


def delta(content):
    return {"choices": [{"delta": {"content": content}}]}


@pytest.mark.parametrize("item", [{}, {"a": 1}, [[]], {"content": {"content": None}}, 7])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, lines),
        (JSON, lambda crowd: lines({"content": crowd})),
        (SSE, lambda crowd: sse({"content": crowd, "delta": crowd, "text": crowd})),
        (SSE, lambda crowd: sse(delta(crowd))),
        (SSE, lambda crowd: sse({"content": crowd}, before="event: data\ndata: ")),
        (SSE, lambda crowd: sse({"event": "end", "data": {"result": {"outputs": crowd}}})),
    ],
    ids=["document", "content", "frame", "openai", "langserve", "langflow"],
)
def test_looking_for_text_is_bounded(content_type, body, item, calls, monkeypatch):
    monkeypatch.setattr(document, "MAX_LOOKED_AT", 1000)
    whole = body([item] * 12_000)
    with calls() as made:
        read(content_type, whole)
    assert made() < 10_000


def test_ten_thousand_lists_and_objects_are_looked_through():
    texts = [{"output": "a"}] * 9_000
    assert outcome(read(JSON, json.dumps(texts))) == ("\n\n".join("a" * 9_000), None)
    assert outcome(read(JSON, json.dumps([{}] * 50_000 + ["here"]))) == ("here", None)
    assert outcome(read(JSON, json.dumps(["a"] * 50_000))) == ("\n\n".join("a" * 50_000), None)


def notices(body):
    return [event for event in read(SSE, body, event_bytes=16 * MIB) if isinstance(event, Notice)]


@pytest.mark.parametrize(
    "frame",
    [
        {"event": "sourceDocuments", "data": [{}] * 50_000},
        {"event": "usedTools", "data": [{"tool": "x"}] * 50_000},
        {"text": "x", "chatId": "c", "sourceDocuments": [{}] * 50_000},
        {"event": "agent_thought", "task_id": "t", "id": "s", "tool": "x;" * 50_000},
        {"event": "message_end", "task_id": "t",
         "metadata": {"retriever_resources": [{"document_name": "x"}] * 50_000}},
        {"choices": [{"delta": {"annotations": [{"url_citation": {"url": "https://a.example/"}}] * 50_000}}]},
        {"model": "m", "done": False, "message": {"tool_calls": [{"function": {"name": "x"}}] * 50_000}},
    ],
    ids=["flowise", "flowise-tools", "flowise-whole", "dify-tools", "dify", "openai", "ollama"],
)  # fmt: skip
def test_one_event_tells_of_no_more_than_a_hundred_things(frame):
    assert len(notices(sse(frame))) == 100


def test_a_task_with_very_many_artifacts_is_read_as_far_as_an_answer_has_parts(calls):
    held = [{"artifactId": f"{number % 1000}", "parts": [{"text": "ab"[number % 2]}]} for number in range(10_000)]
    body = lines({"jsonrpc": "2.0", "result": {"kind": "task", "artifacts": held}})
    with calls() as made:
        text, _ = outcome(read(JSON, body, event_bytes=16 * MIB))
    assert text == "\n\n".join("ab" * 500)
    assert made() < 20_000


def test_an_artifact_of_many_parts_is_read_whole():
    artifact = {"artifactId": "a", "parts": [{"text": "x"}] * 20_000}
    body = lines({"jsonrpc": "2.0", "result": {"kind": "task", "artifacts": [artifact]}})
    assert outcome(read(JSON, body)) == ("x" * 20_000, None)
