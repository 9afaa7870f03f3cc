"""Agents of no known family: text under a usual name, in frames and in documents."""

from tests.wire.cases.case import JSON, NDJSON, SSE, Case, lines, sse

CASES = [
    *(
        Case(f"generic-{name}", SSE, sse({name: "Hel"}, {name: "lo"}, done=True), "Hello")
        for name in ("content", "delta", "text", "token", "output", "answer", "response", "reply", "message")
    ),
    Case("generic-lines", NDJSON, lines({"answer": "Hel"}, {"answer": "lo"}), "Hello"),
    Case("generic-numbers", SSE, sse({"token": 4}, {"token": 2}, {"token": True}, {"token": "!"}), "42!"),
    Case("generic-numbers-in-langserve", SSE, sse({"output": 42}, before="event: data\ndata: "), "42"),
    Case(
        "generic-like-ollama",
        SSE,
        sse({"message": "Hel", "done": False}, {"message": "lo", "done": True}, {"message": "!", "done": True}),
        "Hello!",
    ),
    Case(
        "generic-other-kinds",
        SSE,
        sse({"type": "status", "message": "Searching…"}, {"status": "busy", "response": "?"}, {"content": "Hi"},
            {"event": "done", "answer": "Hi"}),
        "Hi",
    ),
    # what only a document calls its text is the answer if nothing else is
    Case("generic-result", SSE, sse({"progress": 0.5}, {"type": "final", "result": {"data": "Hi"}}, done=True), "Hi"),
    Case("generic-result-last", NDJSON, lines({"progress": 0.5}, {"result": "Hi"}), "Hi"),
    Case("generic-result-beside-text", NDJSON, lines({"text": "Hi"}, {"result": "Hi, all of it"}), "Hi"),
    Case("generic-results", SSE, sse({"result": "Hel"}, {"result": "lo"}), "", "agent_empty"),
    Case("generic-result-failed", SSE, sse({"result": "Hi"}, {"error": "no"}), "", "agent_failed"),
    # documents that look like another's frame
    Case("generic-document-custom", JSON, lines({"type": "custom", "answer": "Hi"}), "Hi"),
    Case("generic-document-file", JSON, lines({"type": "file", "message": "Hi", "url": "x"}), "Hi"),
    Case("generic-document-action", JSON, lines({"event": "action", "data": "Hi"}), "Hi"),
]  # fmt: skip
