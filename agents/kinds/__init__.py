"""The kinds of agent: how each one is asked.

The answer is read by its shape (`agents.wire`), so a new kind is one module with a `request` function, or with a
`stream` function if it needs no network, and one line in `KINDS`.
"""

from agents.kinds import demo, openai, webhook
from agents.kinds.call import Attached, Call, Local, OutboundRequest, Remote, Said

KINDS: dict[str, Remote | Local] = {
    "webhook": Remote("Webhook (n8n and others)", webhook.request),
    "openai": Remote("OpenAI-compatible", openai.request),
    "demo": Local("Built-in demonstration", demo.stream),
}

__all__ = ["KINDS", "Attached", "Call", "Local", "OutboundRequest", "Remote", "Said"]
