"""What is to be entered as the address of an agent, which the kinds take in different ways."""

from dataclasses import dataclass
from typing import Final

from agents.kinds import dify, langserve, ollama, openai
from agents.models import AgentKind

WHOLE: Final = "It is called as it stands."


@dataclass(frozen=True, slots=True)
class Where:
    """An example of an address, and what is to be known about it."""

    example: str
    says: str


def _base(path: str) -> str:
    return f"Enter the base; {path} is added where it is missing."


ADDRESSES: Final = {
    AgentKind.WEBHOOK: Where(
        "https://n8n.example.org/webhook/…", f"Of n8n, enter the production address, with /webhook/ in it. {WHOLE}"
    ),
    AgentKind.OPENAI: Where("https://models.example.org/v1", _base(openai.PATH)),
    AgentKind.OLLAMA: Where("https://ollama.example.org", _base(ollama.PATH)),
    AgentKind.DIFY: Where("https://dify.example.org/v1", _base(dify.PATH)),
    AgentKind.FLOWISE: Where(
        "https://flowise.example.org/api/v1/prediction/…",
        f"Enter the address of the prediction. {WHOLE}",
    ),
    AgentKind.LANGFLOW: Where(
        "https://langflow.example.org/api/v1/run/…",
        "Enter the address that runs the flow; only stream=true is added.",
    ),
    AgentKind.LANGSERVE: Where("https://chains.example.org/my-chain", _base(langserve.PATH)),
    AgentKind.AGUI: Where("https://agents.example.org/agui", f"Enter its address. {WHOLE}"),
    AgentKind.VERCEL: Where("https://app.example.org/api/chat", f"Enter the address of the chat route. {WHOLE}"),
    AgentKind.A2A: Where("https://agents.example.org/a2a", f"Enter the address in its agent card. {WHOLE}"),
}
