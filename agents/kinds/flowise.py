"""A flow of Flowise, by its prediction URL (`…/api/v1/prediction/{id}`), which keeps the conversation.

`config` may hold `overrideConfig`. The system prompt overrides the flow's `systemMessage`; both take effect where the
flow's security settings allow it.
"""

from typing import Final

from agents.kinds.call import IMAGES, TEXTS, Attached, Call, OutboundRequest
from agents.kinds.http import headers

TAKES: Final = IMAGES | TEXTS


def request(call: Call) -> OutboundRequest:
    """Send the last question; a flow remembers by the session."""
    prompt = {"systemMessage": call.system_prompt} if call.system_prompt else {}
    session = {"sessionId": call.conversation_id}
    body = {
        "question": call.question,
        "streaming": True,
        "chatId": call.conversation_id,
        "overrideConfig": prompt | call.config.get("overrideConfig", {}) | session,
        "uploads": [_upload(file) for file in call.attachments],
    }
    return OutboundRequest(call.url, headers(call), body)


def _upload(file: Attached) -> dict[str, str]:
    """Return an image as its bytes, a text as its words."""
    whole = {"type": "file:full", "data": file.text} if file.is_text else {"type": "file", "data": file.data_uri}
    return {**whole, "name": file.name, "mime": file.media_type}
