"""The UI message stream of Vercel's AI SDK."""

from tests.wire.cases.case import SSE, Case, source, sse, thought, tool


def part(kind, **fields):
    return {"type": kind, **fields}


def said(text, name="0"):
    return part("text-delta", id=name, delta=text)


START, STEP, STEP_END, END = part("start", messageId="m"), part("start-step"), part("finish-step"), part("finish")

CASES = [
    Case(
        "vercel-stream",
        SSE,
        sse(START, STEP, part("text-start", id="0"), said("Hä"), said("llo"), part("text-end", id="0"), STEP_END, END,
            done=True),
        "Hällo",
    ),
    Case(
        "vercel-tools-reasoning-and-sources",
        SSE,
        sse(
            START,
            STEP,
            part("reasoning-start", id="hidden"),
            part("reasoning-end", id="hidden"),
            part("reasoning-start", id="r"),
            part("reasoning-delta", id="r", delta="Let me "),
            part("reasoning-delta", id="r", delta="see."),
            part("reasoning-end", id="r"),
            said("Looking "),
            said("it up.", "1"),
            part("tool-input-start", toolCallId="c1", toolName="search"),
            part("tool-input-delta", toolCallId="c1", inputTextDelta="secret"),
            part("tool-input-available", toolCallId="c1", toolName="search", input={"q": "secret"}),
            part("tool-output-available", toolCallId="c1", output={"text": "secret"}),
            part("tool-input-start", toolCallId="c2", toolName="clock"),
            part("tool-output-error", toolCallId="c2", errorText="secret"),
            STEP_END,
            STEP,
            part("source-url", sourceId="s1", url="https://a.example/", title="A page"),
            part("source-document", sourceId="s2", mediaType="application/pdf", title="Manual"),
            part("data-weather", data={"text": "not this"}),
            part("file", url="data:image/png;base64,", mediaType="image/png"),
            said("Found."),
            STEP_END,
            END | {"messageMetadata": {"totalUsage": {"inputTokens": 8, "outputTokens": 3}}},
            done=True,
        ),
        "Looking it up.\n\nFound.",
        notices=(
            thought("Let me see.", "r", done=True),
            tool("c1", "search"),
            tool("c2", "clock"),
            source("s1", "A page", "https://a.example/"),
            source("s2", "Manual"),
        ),
        usage=(8, 3),
    ),
    Case(
        "vercel-reset-step",
        SSE,
        sse(START, STEP, said("Kept."), STEP,
            said("Taken back."), part("reset-step"), said("Instead."), END, done=True),
        "Kept.\n\nInstead.",
        replaced=True,
    ),
    Case("vercel-error", SSE, sse(START, said("Hal"), part("error", errorText="no"), done=True), "Hal", "agent_failed"),
    Case("vercel-abort", SSE, sse(START, said("Hal"), part("abort"), done=True), "Hal", "agent_failed"),
    Case("vercel-finish-error", SSE, sse(said("Hal"), END | {"finishReason": "error"}), "Hal", "agent_failed"),
    Case(
        "vercel-odd-framing",
        "text/event-stream;charset=UTF-8",
        sse(START, before="data:", end="\r\n\r\n") + sse(said("a"), end="\r\r")
        + b": x\n" + sse(said("b"), END, end="\n\n\n"),
        "ab",
    ),
    Case(
        "vercel-odd-values",
        SSE,
        sse(
            said(7), said({"text": "x"}), part("reasoning-delta", id=[], delta=[]),
            part("tool-input-start", toolName={}),
            part("source-url", url=7), said("ok"), END | {"messageMetadata": {"usage": [1]}},
        ),
        "ok",
    ),
    Case("own-types", SSE, sse(part("start", content="a"), part("text", text="b"), part("finish", text="c")), "abc"),
]  # fmt: skip
