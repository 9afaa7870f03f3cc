"""AG-UI."""

from tests.wire.cases.case import SSE, Case, sse, thought, tool


def event(kind, **fields):
    return {"type": kind, **fields}


def said(text, message="m1"):
    return event("TEXT_MESSAGE_CONTENT", messageId=message, delta=text)


START = event("RUN_STARTED", threadId="th-1", runId="r-1", input={"messages": ["secret"]})
END = event("RUN_FINISHED", threadId="th-1", runId="r-1", outcome={"type": "success"})

CASES = [
    Case(
        "agui-stream",
        SSE,
        sse(
            START,
            event("TEXT_MESSAGE_START", messageId="m1", role="assistant"),
            said("Hä"),
            said("llo"),
            event("TEXT_MESSAGE_END", messageId="m1"),
            event("STATE_SNAPSHOT", snapshot={"content": "not this"}),
            event("CUSTOM", name="x", value="nor this"),
            END,
            said("never read"),
        ),
        "Hällo",
        conversation_id="th-1",
    ),
    Case(
        "agui-tools-and-reasoning",
        SSE,
        sse(
            START,
            event("STEP_STARTED", stepName="x"),
            event("THINKING_START", title="t"),
            event("THINKING_TEXT_MESSAGE_CONTENT", delta="Old way. "),
            event("THINKING_TEXT_MESSAGE_END"),
            event("REASONING_MESSAGE_CONTENT", messageId="r1", delta="New "),
            event("REASONING_MESSAGE_CHUNK", messageId="r1", delta="way."),
            event("REASONING_MESSAGE_END", messageId="r1"),
            said("Let me look."),
            event("TOOL_CALL_START", toolCallId="c1", toolCallName="search", parentMessageId="m1"),
            event("TOOL_CALL_ARGS", toolCallId="c1", delta='{"q":"secret"}'),
            event("TOOL_CALL_END", toolCallId="c1"),
            event("TOOL_CALL_RESULT", toolCallId="c1", messageId="x", content="secret"),
            said("Found.", "m2"),
            event("MESSAGES_SNAPSHOT", messages=[{"role": "assistant", "content": "not this"}]),
            END | {"usage": [{"inputTokens": 5, "outputTokens": 6}, {"inputTokens": 1}, {"model": "x"}]},
        ),
        "Let me look.\n\nFound.",
        notices=(thought("Old way. ", done=True), thought("New way.", "r1", done=True), tool("c1", "search")),
        usage=(6, 6),
        conversation_id="th-1",
    ),
    Case(
        "agui-chunks",
        SSE,
        sse(
            START,
            event("TEXT_MESSAGE_CHUNK", messageId="m1", role="assistant", delta="One "),
            event("TEXT_MESSAGE_CHUNK", delta="message."),
            event("TEXT_MESSAGE_CHUNK", messageId="m2", delta="Another."),
            END,
        ),
        "One message.\n\nAnother.",
        conversation_id="th-1",
    ),
    Case(
        "agui-two-at-once",
        SSE,
        sse(START, said("One", "a"), said("Two", "b"), said(" more", "a"), said("!", "b"), END),
        "One more\n\nTwo!",
        conversation_id="th-1",
        replaced=True,
    ),
    Case(
        "agui-error",
        SSE,
        sse(START, said("Hal"), event("RUN_ERROR", message="out of order", code="X")),
        "Hal",
        "agent_failed",
        conversation_id="th-1",
    ),
    Case(
        "agui-cancelled",
        SSE,
        sse(said("Hal"), END | {"outcome": {"type": "cancelled"}}),
        "Hal",
        "agent_failed",
    ),
    Case(
        "agui-odd-framing",
        "text/plain",
        sse(START, before=": hello\ndata:", end="\r\n\r\n")
        + sse(said("a"), end="\r\r")
        + sse(said("b"), END, end="\n\n\n"),
        "ab",
        conversation_id="th-1",
    ),
    Case(
        "agui-odd-values",
        SSE,
        sse(
            event("RUN_STARTED", threadId=["x"]),
            said({"a": 1}),
            said(None),
            event("TOOL_CALL_START", toolCallId={}, toolCallName=7),
            event("REASONING_MESSAGE_CONTENT", messageId=[1], delta=2),
            said("ok", ["x"]),
            event("RUN_NOBODY_KNOWS", delta="no"),
            event("RUN_FINISHED", outcome="x", usage={"inputTokens": "x"}),
        ),
        "ok",
    ),
]
