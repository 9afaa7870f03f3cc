"""An agent that speaks A2A by JSON-RPC; it keeps the conversation and names it in its first answer.

`config` may hold `version`: `1.0` (unless given) or `0.3`. There is no place for a system prompt in A2A.
"""

from typing import Any, Final
from uuid import uuid4

from agents.kinds.call import Attached, Call, OutboundRequest
from agents.kinds.http import headers

VERSIONS: Final = ("1.0", "0.3")


def request(call: Call) -> OutboundRequest:
    """Send the last question and its files as one message."""
    name = call.message_id or str(uuid4())
    version = call.config.get("version", VERSIONS[0])
    method, message = _old(call) if version == "0.3" else _new(call)
    message["messageId"] = name
    if call.their_conversation_id:
        message["contextId"] = call.their_conversation_id
    body = {"jsonrpc": "2.0", "id": name, "method": method, "params": {"message": message}}
    return OutboundRequest(call.url, {**headers(call), "A2A-Version": version}, body)


def _new(call: Call) -> tuple[str, dict[str, Any]]:
    parts = [{"text": call.question}, *map(_raw, call.attachments)]
    return "SendStreamingMessage", {"role": "ROLE_USER", "parts": parts}


def _raw(file: Attached) -> dict[str, str]:
    return {"raw": file.base64, "mediaType": file.media_type, "filename": file.name}


def _old(call: Call) -> tuple[str, dict[str, Any]]:
    parts = [{"kind": "text", "text": call.question}, *map(_bytes, call.attachments)]
    return "message/stream", {"kind": "message", "role": "user", "parts": parts}


def _bytes(file: Attached) -> dict[str, Any]:
    return {"kind": "file", "file": {"bytes": file.base64, "mimeType": file.media_type, "name": file.name}}
