"""A chat-completions endpoint as OpenAI defined it and many others serve it.

The URL may be the base alone (`…/v1`). `config` needs `model` and may hold `temperature`, `max_tokens` and `top_p`.
"""

from typing import Any, Final

from agents.kinds.call import IMAGES, PDF, TEXTS, Attached, Call, OutboundRequest, Said
from agents.kinds.http import endpoint, headers

PATH: Final = "/chat/completions"
OPTIONS: Final = ("temperature", "max_tokens", "top_p")
TAKES: Final = IMAGES | PDF | TEXTS


def request(call: Call) -> OutboundRequest:
    """Ask for a streamed completion; the system prompt goes first, timestamps are left out."""
    messages = [{"role": said.role, "content": _content(said)} for said in call.messages]
    if call.system_prompt:
        messages.insert(0, {"role": "system", "content": call.system_prompt})
    body = {
        "model": call.config.get("model", ""),
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **{option: call.config[option] for option in OPTIONS if option in call.config},
    }
    return OutboundRequest(endpoint(call.url, PATH), headers(call), body)


def _content(said: Said) -> str | list[dict[str, Any]]:
    """Return the words alone, which every server understands, unless there is more."""
    parts = [part for file in said.attachments if (part := _part(file))]
    return [{"type": "text", "text": said.with_texts}, *parts] if parts else said.with_texts


def _part(file: Attached) -> dict[str, Any] | None:
    if file.media_type in IMAGES:
        return {"type": "image_url", "image_url": {"url": file.data_uri}}
    if file.media_type in PDF:
        return {"type": "file", "file": {"filename": file.name, "file_data": file.data_uri}}
    return None
