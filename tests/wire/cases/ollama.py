"""Ollama's `/api/chat` and `/api/generate`."""

from tests.wire.cases.case import JSON, NDJSON, Case, lines, thought, tool


def chat(content, *, done=False, message=(), **fields):
    told = {"role": "assistant", "content": content, **dict(message)}
    return {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": told, "done": done, **fields}


END = {"done_reason": "stop", "total_duration": 5, "prompt_eval_count": 11, "eval_count": 4}
CALL = {"function": {"name": "weather", "arguments": {"city": "secret"}}}

CASES = [
    Case(
        "ollama-chat",
        NDJSON,
        lines(chat("Hällo"), chat(" you"), chat("", done=True, **END)) + b'{"never":"read"}\n',
        "Hällo you",
        usage=(11, 4),
    ),
    Case(
        "ollama-thinking-and-tools",
        NDJSON,
        lines(
            chat("", message={"thinking": "Let me "}),
            chat("", message={"thinking": "see."}),
            chat("", message={"tool_calls": [CALL, {**CALL, "id": "7"}, {"function": 1}, None]}),
            chat("Sunny."),
            chat("", done=True, **END),
        ),
        "Sunny.",
        notices=(thought("Let me see."), tool("weather", "weather"), tool("7", "weather")),
        usage=(11, 4),
    ),
    Case(
        "ollama-generate",
        NDJSON,
        lines(
            {"model": "m", "response": "", "thinking": "Hm.", "done": False},
            {"model": "m", "response": "One", "done": False},
            {"model": "m", "response": " two", "done": False},
            {"model": "m", "response": "", "done": True, "context": [1, 2], "prompt_eval_count": 2, "eval_count": 3},
        ),
        "One two",
        notices=(thought("Hm."),),
        usage=(2, 3),
    ),
    Case("ollama-whole", f"{JSON}; charset=utf-8", lines(chat("All at once.", done=True, **END)), "All at once.",
         usage=(11, 4)),
    Case("ollama-error", NDJSON, lines(chat("Hal"), {"error": "an error was encountered"}), "Hal", "agent_failed"),
    Case("ollama-error-first", NDJSON, lines({"error": "model 'm' not found"}), "", "agent_failed"),
    Case("ollama-cut", NDJSON, lines(chat("Hal")) + b'{"model":"m","mess', "Hal", "agent_truncated"),
    Case("ollama-empty", NDJSON, lines(chat("", done=True, done_reason="load")), "", "agent_empty"),
    Case(
        "ollama-odd-framing",
        "text/plain",
        b"\n \r\n" + lines(chat("a"), chat("b"), between="") + lines(chat("c"), between="\r\n\x1e")
        + lines(chat("", done=True)),
        "abc",
    ),
    Case(
        "ollama-odd-values",
        NDJSON,
        lines(
            chat(["x"]), chat({"a": 1}), chat(None, message={"thinking": 3, "tool_calls": {"a": 1}}),
            {"message": {}, "done": False}, chat("ok"),
            chat("", done=True, prompt_eval_count=True, eval_count=-1),
        ),
        "ok",
    ),
]  # fmt: skip
