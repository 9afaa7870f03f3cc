"""LangServe's `/stream`."""

import json

from tests.wire.cases.case import SSE, Case, tool


def event(name, data=None, end="\r\n"):
    told = "" if data is None else f"data: {json.dumps(data)}{end}"
    return f"event: {name}{end}{told}{end}".encode()


def message(content, **fields):
    known = {"additional_kwargs": {"x": 1}, "type": "AIMessageChunk", "id": "run-1", "tool_call_chunks": []}
    return {"content": content, **known, **fields}


START, END, PING = event("metadata", {"run_id": "r-1"}), event("end"), b": ping - 2026-01-01 00:00:00+00:00\r\n\r\n"
CALL = {"name": "search", "args": "secret", "id": "call_1", "index": 0, "type": "tool_call_chunk"}

CASES = [
    Case(
        "langserve-strings",
        f"{SSE}; charset=utf-8",
        START + PING + event("data", "Hä") + event("data", "llo\n") + PING + event("data", "42") + END
        + event("data", "never read"),
        "Hällo\n42",
    ),
    Case(
        "langserve-messages",
        SSE,
        START
        + event("data", message("", tool_call_chunks=[CALL, {**CALL, "name": None, "id": None}]))
        + event("data", message("Fou"))
        + event("data", message([{"type": "text", "text": "nd."}]))
        + event("data", message("", usage_metadata={"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}))
        + END,
        "Found.",
        notices=(tool("call_1", "search"),),
        usage=(9, 2),
    ),
    Case(
        "langserve-agent",
        SSE,
        START
        + event("data", {"actions": [{"tool": "search", "tool_input": "secret"}], "messages": [message("not this")]})
        + event("data", {"steps": [{"observation": "secret"}], "messages": [message("nor this")]})
        + event("data", {"output": "This.", "messages": [message("This.")]})
        + END,
        "This.",
    ),
    Case(
        "langserve-error",
        SSE,
        START + event("data", "Hal") + event("error", {"status_code": 500, "message": "Internal Server Error"}),
        "Hal",
        "agent_failed",
    ),
    Case("langserve-empty", SSE, START + END, "", "agent_empty"),
    Case(
        "langserve-odd-framing",
        "",
        PING + event("metadata", {"content": "not this"}, "\n") + event("data", "a", "\r") + event("data", "b", "\n")
        + b"data:\t\"c\"\nevent:data\n\nevent: end",
        "abc",
    ),
    Case(
        "langserve-odd-values",
        SSE,
        START
        + event("data", []) + event("data", {}) + event("data", {"content": {"a": {"b": {"c": []}}}})
        + event("data", message("", tool_call_chunks={"name": "x"}, usage_metadata="x"))
        + event("data", message("", tool_call_chunks=[3, {"name": 3}]))
        + b"event: data\n\nevent: nobody_knows\n\n" + event("data", "ok") + event("end", None),
        "[]ok",
    ),
]  # fmt: skip
