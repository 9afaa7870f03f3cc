"""Ollama's own chat endpoint.

The URL may be the base alone (`http://host:11434`). `config` needs `model` and may hold `options` (an object:
`temperature`, `num_ctx`, …), `think`, `keep_alive` and `format`, which are sent as they are.
"""

from typing import Any, Final

from agents.kinds.call import IMAGES, TEXTS, Call, OutboundRequest, Said
from agents.kinds.http import endpoint, headers

PATH: Final = "/api/chat"
OPTIONS: Final = ("options", "think", "keep_alive", "format")
TAKES: Final = IMAGES | TEXTS


def request(call: Call) -> OutboundRequest:
    """Send the whole conversation: Ollama keeps none."""
    messages = [_message(said) for said in call.messages]
    if call.system_prompt:
        messages.insert(0, {"role": "system", "content": call.system_prompt})
    body = {
        "model": call.config.get("model", ""),
        "messages": messages,
        "stream": True,
        **{option: call.config[option] for option in OPTIONS if option in call.config},
    }
    return OutboundRequest(endpoint(call.url, PATH), headers(call, "application/x-ndjson"), body)


def _message(said: Said) -> dict[str, Any]:
    images = [file.base64 for file in said.attachments if file.media_type in IMAGES]
    return {"role": said.role, "content": said.with_texts} | ({"images": images} if images else {})
