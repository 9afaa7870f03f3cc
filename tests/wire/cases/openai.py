"""Chat completions: OpenAI, vLLM, OpenRouter, DeepSeek; and events of the Responses API."""

from tests.wire.cases.case import JSON, SSE, Case, lines, source, sse, thought, tool


def chunk(delta=None, finish=None, **fields):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **fields}


def call(index=0, name=None, part="", **fields):
    function = {"arguments": part} | ({"name": name} if name else {})
    return chunk({"content": None, "tool_calls": [{"index": index, **fields, "function": function}]})


USAGE = chunk(usage={"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10})
CITED = {"type": "url_citation", "url_citation": {"url": "https://a.example/x", "title": "A page", "start_index": 0}}


def response(kind, **fields):
    return {"type": f"response.{kind}", "sequence_number": 1, **fields}


CASES = [
    Case(
        "openai-stream",
        f"{SSE}; charset=utf-8",
        sse(
            chunk({"role": "assistant", "content": ""}, usage=None),
            chunk({"content": "Grüße"}),
            chunk({"content": " 😀\u2028!"}),
            chunk({}, "stop"),
            USAGE,
            done=True,
        )
        + b"data: nobody reads this\n\n",
        "Grüße 😀\u2028!",
        usage=(3, 7),
    ),
    Case(
        "openai-reasoning-tools-and-sources",
        SSE,
        b": OPENROUTER PROCESSING\n\n"
        + sse(
            chunk({"content": None, "reasoning_content": "Hm, "}),
            chunk({"content": None, "reasoning": "well."}),
            call(0, "search", id="call_1", type="function"),
            call(0, part='{"q":'),
            call(1, "clock", id="call_2", type="function"),
            call(0, part='"secret"}'),
            chunk({}, "tool_calls"),
            call(0, "search", id="call_3", type="function"),
            chunk({}, "tool_calls"),
            chunk({"content": "Found.", "annotations": [CITED, {"type": "file"}, 7]}),
            chunk({}, "stop"),
            done=True,
        ),
        "Found.",
        notices=(
            thought("Hm, well."),
            tool("call_1", "search"),
            tool("call_2", "clock"),
            tool("call_3", "search"),
            source("https://a.example/x", "A page", "https://a.example/x"),
        ),
    ),
    Case(
        "openai-whole",
        JSON,
        lines(
            {
                "object": "chat.completion",
                "choices": [{"message": {"role": "assistant", "content": "Hi.", "annotations": [CITED]}}],
                "usage": {"prompt_tokens": 1, "completion_tokens": -2},
            }
        ),
        "Hi.",
        notices=(source("https://a.example/x", "A page", "https://a.example/x"),),
        usage=(1, None),
    ),
    Case(
        "openai-refusal",
        SSE,
        sse(chunk({"content": None, "refusal": "I may "}), chunk({"refusal": "not."}), chunk({}, "stop"), done=True),
        "I may not.",
    ),
    Case("openai-refusal-whole", JSON, lines({"object": "chat.completion", "choices": [
        {"message": {"role": "assistant", "content": None, "refusal": "No."}}]}), "No."),
    Case(
        "openai-completions",
        SSE,
        sse(*({"object": "text_completion", "choices": [{"text": text, "index": 0}]} for text in ("Hel", "lo", "")),
            done=True),
        "Hello",
    ),
    Case(
        "openai-error",
        SSE,
        sse(chunk({"content": "Hi"}), {"error": {"message": "no", "type": "server_error", "code": 500}}, done=True),
        "Hi",
        "agent_failed",
    ),
    Case("vllm-error", SSE, sse({"object": "error", "message": "too long", "code": 400}), "", "agent_failed"),
    Case(
        "openrouter-error",
        SSE,
        sse(
            chunk({"content": "Hi"}), chunk({"content": ""}, "error", error={"code": 502, "message": "gone"}), done=True
        ),
        "Hi",
        "agent_failed",
    ),
    Case(
        "openai-finish-error",
        SSE,
        sse(chunk({"content": "Hi"}), chunk({"content": ""}, "error"), done=True),
        "Hi",
        "agent_failed",
    ),
    Case(
        "openai-odd-framing",
        JSON,
        b"\xef\xbb\xbf"
        + sse(chunk({"content": "a"}), before="event: message\r\nid: 1\r\ndata:", end="\r\n\r\n")
        + sse(chunk({"content": [{"type": "text", "text": "b"}]}), end="\r\r")
        + b'data: {"choices":\ndata: [{"delta": {"content": "c"}}]}\n\ndata:  [DONE] ',
        "abc",
    ),
    Case(
        "openai-odd-values",
        SSE,
        sse(
            chunk({"content": 7, "tool_calls": "x", "annotations": {}}),
            {"choices": ["x"]},
            {"choices": [{"delta": [], "finish_reason": {}}]},
            chunk({"tool_calls": [{"index": [], "function": {"name": ["x"]}}, None]}),
            chunk({"content": "ok"}, usage={"prompt_tokens": 10**30, "completion_tokens": "7"}),
        ),
        "ok",
    ),
    Case(
        "responses-stream",
        SSE,
        sse(
            response("created", response={"id": "r"}),
            response("reasoning_summary_text.delta", item_id="rs", delta="Hm."),
            response("output_item.added", item={"type": "web_search_call", "id": "ws"}),
            response("output_item.done", item={"type": "web_search_call", "id": "ws"}),
            response("output_item.added", item={"type": "message", "id": "m"}),
            response("output_text.delta", item_id="m", delta="Hel"),
            response("output_text.delta", item_id="m", delta="lo"),
            response("output_text.annotation.added", annotation={"type": "url_citation", "url": "https://a.example/"}),
            response("output_text.done", item_id="m", text="Hello"),
            response("completed", response={"usage": {"input_tokens": 4, "output_tokens": 2}}),
        ),
        "Hello",
        notices=(thought("Hm.", "rs"), tool("ws", "web search"), source(*["https://a.example/"] * 3)),
        usage=(4, 2),
    ),
    Case(
        "responses-failed",
        SSE,
        sse(
            response("output_text.delta", delta="Hel"),
            response("failed", response={"error": {"code": "server_error", "message": "no"}}),
        ),
        "Hel",
        "agent_failed",
    ),
]  # fmt: skip
