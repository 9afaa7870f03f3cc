"""Flowise's prediction, with its odd lines."""

from tests.wire.cases.case import JSON, SSE, Case, lines, source, sse, thought, tool


def events(*pairs, before="message:\ndata:", **framing):
    return sse(*({"event": event, "data": data} for event, data in pairs), before=before, **framing)


END = sse({"event": "end", "data": "[DONE]"}, before="message\ndata:")
DOCUMENTS = [
    {"pageContent": "secret", "metadata": {"source": "https://a.example/page", "title": "A page"}},
    {"pageContent": "secret", "metadata": {"source": "https://a.example/page", "title": "A page"}},
    {"pageContent": "secret", "metadata": {"source": "/files/manual.pdf", "loc": {"pageNumber": 3}}},
    {"pageContent": "secret"},
]
SOURCES = (
    source("https://a.example/page", "A page", "https://a.example/page"),
    source("/files/manual.pdf", "/files/manual.pdf"),
    source("Document", "Document"),
)
TOOLS = [{"tool": "calculator", "toolInput": {"input": "secret"}, "toolOutput": "4"}]

CASES = [
    Case(
        "flowise-stream",
        SSE,
        events(("start", "Hel"), ("token", "Hel"), ("token", "lo ünd"))
        + b":heartbeat\n\n"
        + events(("metadata", {"chatId": "chat-7", "chatMessageId": "m", "question": "secret", "sessionId": "s"}))
        + END
        + events(("token", "never read")),
        "Hello ünd",
        conversation_id="chat-7",
    ),
    Case(
        "flowise-tools-and-sources",
        SSE,
        events(
            ("agentFlowEvent", "INPROGRESS"),
            ("thinking", "Hm."),
            ("calledTools", [{"name": "clock", "args": {}}]),
            ("usedTools", TOOLS),
            ("token", "Four."),
            ("sourceDocuments", DOCUMENTS),
            ("agentReasoning", [{"agentName": "x", "messages": ["not the answer"]}]),
            ("nextAgentFlow", {"nodeLabel": "LLM"}),
            ("usageMetadata", {"input_tokens": 5, "output_tokens": 6, "total_tokens": 11}),
        )
        + END,
        "Four.",
        notices=(thought("Hm."), tool("clock", "clock"), tool("calculator", "calculator"), *SOURCES),
        usage=(5, 6),
    ),
    Case("flowise-error", SSE, events(("token", "Fo"), ("error", "no API key")) + END, "Fo", "agent_failed"),
    Case("flowise-abort", SSE, events(("token", "Fo"), ("abort", "[DONE]")), "Fo", "agent_failed"),
    Case(
        "flowise-whole",
        JSON,
        lines({"text": "Four.", "question": "secret", "chatId": "chat-7", "sourceDocuments": DOCUMENTS,
               "usedTools": TOOLS}),
        "Four.",
        notices=(*SOURCES, tool("calculator", "calculator")),
        conversation_id="chat-7",
    ),
    Case(
        "flowise-odd-framing",
        "application/octet-json",
        events(("token", "a"), end="\r\n\r\n")
        + events(("token", "[DONE]"), before="message\rdata:", end="\r\r")
        + events(("token", "b"), before="data: ")
        + events(("end", "[DONE]"), end=""),
        "a[DONE]b",
    ),
    Case(
        "flowise-odd-values",
        SSE,
        events(
            ("token", 7), ("token", None), ("usedTools", {"tool": "x"}), ("usedTools", [None, {"tool": []}]),
            ("sourceDocuments", "x"), ("metadata", "x"), ("metadata", {"chatId": {}}), ("usageMetadata", []),
            ("thinking", {}), ("token", "ok"),
        ) + END,
        "ok",
    ),
]  # fmt: skip
