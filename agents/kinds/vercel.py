"""A route of the Vercel AI SDK, which takes what its `useChat` sends.

`config` may hold `body`, an object of further fields that the route reads.
"""

from typing import Any

from agents.kinds.call import Call, OutboundRequest, Said
from agents.kinds.http import headers


def request(call: Call) -> OutboundRequest:
    """Send the whole conversation in parts; the route keeps none."""
    messages = [_message(str(number), said) for number, said in enumerate(call.messages, start=1)]
    if call.system_prompt:
        messages.insert(0, _message("system", Said("system", call.system_prompt)))
    body = {"id": call.conversation_id, "messages": messages, "trigger": "submit-message"}
    return OutboundRequest(call.url, headers(call), call.config.get("body", {}) | body)


def _message(name: str, said: Said) -> dict[str, Any]:
    files = [
        {"type": "file", "mediaType": file.media_type, "filename": file.name, "url": file.data_uri}
        for file in said.attachments
    ]
    return {"id": name, "role": said.role, "parts": [{"type": "text", "text": said.content}, *files]}
