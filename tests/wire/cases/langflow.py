"""Langflow's `/api/v1/run?stream=true`: JSON with blank lines between, under a content type that says otherwise."""

from tests.wire.cases.case import JSON, NDJSON, SSE, Case, lines


def events(*pairs, between="\n\n"):
    return lines(*({"event": event, "data": data} for event, data in pairs), between=between)


def token(chunk):
    return "token", {"chunk": chunk, "id": "m1", "timestamp": "2026-01-01 00:00:00 UTC"}


def added(text, sender="Machine"):
    return "add_message", {"text": text, "sender": sender, "session_id": "s-1", "content_blocks": []}


def end(text):
    message = {"results": {"message": {"text": text}}, "outputs": {"message": {"message": text, "type": "text"}}}
    outputs = [{"inputs": {"input_value": "Question?"}, "outputs": [message]}]
    return "end", {"result": {"session_id": "s-1", "outputs": outputs}}


CASES = [
    Case(
        "langflow-stream",
        SSE,
        events(
            ("vertices_sorted", {"ids": ["a"], "to_run": ["a"]}),
            added("Question?", "User"),
            added(""),
            token("Hä"),
            token("llo"),
            added("Hällo"),
            ("end_vertex", {"build_data": {}}),
            end("Hällo"),
            token("never read"),
        ),
        "Hällo",
        conversation_id="s-1",
    ),
    Case(
        "langflow-without-tokens",
        SSE,
        events(added("Question?", "User"), added("The whole."), end("The whole.")),
        "The whole.",
        conversation_id="s-1",
    ),
    Case(
        "langflow-error",
        SSE,
        events(token("Hal"), ("error", {"text": "no API key", "category": "error"}), end("")),
        "Hal",
        "agent_failed",
    ),
    Case("langflow-error-first", SSE, events(("error", {"error": "flow is broken"})), "", "agent_failed"),
    Case(
        "langflow-whole",
        JSON,
        lines({"session_id": "s-1", "outputs": [{"outputs": [{"outputs": {"message": {"message": "Hi."}}}]}]}),
        "Hi.",
    ),
    Case("langflow-empty", SSE, events(added("Question?", "User"), ("end", {"result": {}})), "", "agent_empty"),
    Case(
        "langflow-odd-framing",
        NDJSON,
        events(token('a{"'), token("\u2028"), between="") + events(token("b"), end(""), between="\r\n"),
        'a{"\u2028b',
        conversation_id="s-1",
    ),
    Case(
        "langflow-odd-values",
        SSE,
        events(token(7), token(None), ("token", []), ("add_message", None), ("end", "x"))[:-2]
        + b"\n"
        + events(token("nobody reads this")),
        "",
        "agent_empty",
    ),
]
