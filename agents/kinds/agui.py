"""An agent that speaks AG-UI.

`config` may hold `state` and `forwardedProps`, both sent as they are.
"""

from typing import Any, Final
from uuid import uuid4

from agents.kinds.call import Attached, Call, OutboundRequest, Said
from agents.kinds.http import headers

MEDIA: Final = ("image", "audio", "video")


def request(call: Call) -> OutboundRequest:
    """Start a run with the whole conversation."""
    messages = [{"id": str(number), "role": said.role, "content": _content(said)} for number, said in _numbered(call)]
    if call.system_prompt:
        messages.insert(0, {"id": "system", "role": "system", "content": call.system_prompt})
    body = {
        "threadId": call.conversation_id,
        "runId": call.message_id or str(uuid4()),
        "state": call.config.get("state", {}),
        "messages": messages,
        "tools": [],
        "context": [],
        "forwardedProps": call.config.get("forwardedProps", {}),
    }
    return OutboundRequest(call.url, headers(call), body)


def _numbered(call: Call) -> list[tuple[int, Said]]:
    return list(enumerate(call.messages, start=1))


def _content(said: Said) -> str | list[dict[str, Any]]:
    text = {"type": "text", "text": said.content}
    return [text, *map(_part, said.attachments)] if said.attachments else said.content


def _part(file: Attached) -> dict[str, Any]:
    main = file.media_type.partition("/")[0]
    source = {"type": "data", "value": file.base64, "mimeType": file.media_type}
    return {"type": main if main in MEDIA else "document", "source": source, "metadata": {"filename": file.name}}
