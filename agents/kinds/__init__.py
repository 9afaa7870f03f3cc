"""The kinds of agent: how each one is asked.

The answer is read by its shape (`agents.wire`), so a new kind is one module with a `request` function, or with a
`stream` function if it needs no network, and one line in `KINDS`.
"""

from typing import Final

from agents.kinds import (
    a2a,
    agui,
    demo,
    dify,
    flowise,
    langflow,
    langserve,
    ollama,
    openai,
    vercel,
    webhook,
)
from agents.kinds.call import ANYTHING, Attached, Call, Local, OutboundRequest, Remote, Said, covers

KINDS: Final[dict[str, Remote | Local]] = {
    "webhook": Remote("Webhook (n8n and others)", webhook.request, ANYTHING),
    "openai": Remote("OpenAI-compatible", openai.request, openai.TAKES),
    "ollama": Remote("Ollama", ollama.request, ollama.TAKES),
    "dify": Remote("Dify", dify.request, ANYTHING, dify.uploads),
    "flowise": Remote("Flowise", flowise.request, flowise.TAKES),
    "langflow": Remote("Langflow", langflow.request),
    "langserve": Remote("LangServe", langserve.request),
    "agui": Remote("AG-UI", agui.request, ANYTHING),
    "vercel": Remote("Vercel AI SDK", vercel.request, ANYTHING),
    "a2a": Remote("A2A (Agent2Agent)", a2a.request, ANYTHING),
    "demo": Local("Built-in demonstration", demo.stream, ANYTHING),
}


def takes(kind: str, media_type: str) -> bool:
    """Tell whether an agent of a kind can be given a file of a media type."""
    return covers(KINDS[kind].takes, media_type)


__all__ = ["KINDS", "Attached", "Call", "Local", "OutboundRequest", "Remote", "Said", "takes"]
