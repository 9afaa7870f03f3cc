"""The kinds of agent: how each one is asked.

The answer is read by its shape (`agents.wire`), so a new kind is one module with a `request` function, or with a
`stream` function if it needs no network, and one line in `KINDS`.
"""

from agents.kinds import demo, openai, webhook
from agents.kinds.call import (
    ANYTHING,
    IMAGES,
    PDF,
    TEXTS,
    Attached,
    Call,
    Local,
    OutboundRequest,
    Remote,
    Said,
    covers,
)

KINDS: dict[str, Remote | Local] = {
    "webhook": Remote("Webhook (n8n and others)", webhook.request, ANYTHING),
    "openai": Remote("OpenAI-compatible", openai.request, IMAGES | PDF | TEXTS),
    "demo": Local("Built-in demonstration", demo.stream, ANYTHING),
}


def takes(kind: str, media_type: str) -> bool:
    """Tell whether an agent of a kind can be given a file of a media type."""
    return covers(KINDS[kind].takes, media_type)


__all__ = ["KINDS", "Attached", "Call", "Local", "OutboundRequest", "Remote", "Said", "takes"]
