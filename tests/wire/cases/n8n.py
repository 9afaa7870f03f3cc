"""n8n's lines beyond what the recordings hold: errors the run got over, keep-alives, odd framing."""

from tests.wire.cases.case import JSON, Case, lines


def line(kind, content=None):
    told = {} if content is None else {"content": content}
    return {"type": kind, **told, "metadata": {"nodeId": "a", "nodeName": "AI Agent", "itemIndex": 0, "runIndex": 0}}


CASES = [
    Case(
        "n8n-two-turns",
        JSON,
        lines(line("begin"), line("item", "One "), {"type": "keepalive"}, line("end"), line("begin"),
              line("item", "twö"), line("end")),
        "One twö",
    ),
    Case("n8n-recovers", JSON, lines(line("item", "a"), line("error", "oh"), line("item", "b"), line("end")), "ab"),
    Case("n8n-fails", JSON, lines(line("item", "a"), line("error")), "a", "agent_failed"),
    Case("n8n-odd-framing", "text/html", lines(line("item", "a"), line("item", '{"output": "b"}'), between=""), "ab"),
    Case("n8n-odd-values", JSON, lines(line("item", 7), line("item", ["x"]), line("item", "ok"), line("end", {})),
         "ok"),
]  # fmt: skip
