"""Dify's chat-messages."""

from tests.wire.cases.case import JSON, SSE, Case, lines, source, sse, tool

IDS = {"task_id": "t1", "message_id": "m1", "conversation_id": "c-1"}


def event(name, **fields):
    return {"event": name, **IDS, **fields}


def answer(text, name="message"):
    return event(name, id="m1", answer=text, created_at=1)


USAGE = {"prompt_tokens": 33, "prompt_unit_price": "0.001", "completion_tokens": 12, "total_tokens": 45}
SOURCES = [
    {"position": 1, "dataset_name": "d", "document_id": "doc-1", "document_name": "Handbook.pdf", "content": "secret"},
    {"position": 2, "document_id": "doc-1", "document_name": "Handbook.pdf", "score": 0.3},
    {"document_name": None},
]
END = event("message_end", id="m1", metadata={"usage": USAGE, "retriever_resources": SOURCES})
PING = b"event: ping\n\n"

CASES = [
    Case(
        "dify-chat",
        SSE,
        PING
        + sse(event("workflow_started", data={"id": "w"}), event("node_started", data={"title": "LLM"}), answer("Hé"))
        + PING
        + sse(answer("llo"), END, answer("never read")),
        "Héllo",
        notices=(source("doc-1", "Handbook.pdf"),),
        usage=(33, 12),
        conversation_id="c-1",
    ),
    Case(
        "dify-agent",
        SSE,
        sse(
            event("agent_thought", id="th", position=1, thought="", observation="", tool=""),
            answer("Let me look. ", "agent_message"),
            event("agent_thought", id="th", thought="Let me look. ", tool="search;clock", tool_input='{"q":"secret"}'),
            event("agent_thought", id="th", thought="Let me look. ", tool="search;clock", observation="found"),
            answer("Done.", "agent_message"),
            END,
        ),
        "Let me look. Done.",
        notices=(tool("th:search", "search"), tool("th:clock", "clock"), source("doc-1", "Handbook.pdf")),
        usage=(33, 12),
        conversation_id="c-1",
    ),
    Case(
        "dify-replace",
        SSE,
        sse(answer("Something bad"), event("message_replace", answer="I may not say this."), answer(" Sorry."), END),
        "I may not say this. Sorry.",
        notices=(source("doc-1", "Handbook.pdf"),),
        usage=(33, 12),
        conversation_id="c-1",
        replaced=True,
    ),
    Case(
        "dify-error",
        SSE,
        sse(answer("Hal"), event("error", status=400, code="invalid_param", message="Out of quota")),
        "Hal",
        "agent_failed",
        conversation_id="c-1",
    ),
    Case(
        "dify-whole",
        JSON,
        lines(answer("All of it.") | {"mode": "chat", "metadata": {"usage": USAGE}}),
        "All of it.",
        usage=(33, 12),
        conversation_id="c-1",
    ),
    Case(
        "dify-odd-framing",
        SSE,
        PING.replace(b"\n", b"\r\n")
        + sse(answer("a"), before="data:", end="\r\r")
        + sse(answer("b"), before="event: message\ndata: ")
        + sse(END, end=""),
        "ab",
        notices=(source("doc-1", "Handbook.pdf"),),
        usage=(33, 12),
        conversation_id="c-1",
    ),
    Case(
        "dify-odd-values",
        SSE,
        sse(
            event("message", answer=["x"]),
            event("agent_thought", id={}, tool=7),
            event("message_end", metadata=[]) | {"event": ["message_end"]},
            event("nobody_knows", answer="no"),
            answer("ok") | {"conversation_id": "late\u0000"},
            event("message_end", metadata={"usage": "x", "retriever_resources": [5, {"document_name": {}}]}),
        ).replace(b'"c-1"', b"17"),
        "ok",
    ),
]
