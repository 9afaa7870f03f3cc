"""A webhook: n8n, or anything else that takes the conversation as JSON.

`config` is sent along as it is. A message with files goes as the form that n8n's own chat sends: objects are parts of
JSON, and each file is a part named `files`.
"""

import json
from typing import Any

from agents.kinds.call import Call, OutboundRequest
from agents.kinds.http import headers

ACCEPT = "text/event-stream, application/x-ndjson;q=0.9, application/json;q=0.8, text/plain;q=0.7"


def request(call: Call) -> OutboundRequest:
    """Send the conversation, and the last message again under the names n8n's Chat Trigger reads.

    With both, a Webhook node and a Chat Trigger work without any editing of the workflow.
    """
    body = {
        "messages": [message.as_json() for message in call.messages],
        "system_prompt": call.system_prompt,
        "config": dict(call.config),
        "action": "sendMessage",
        "chatInput": call.question,
        "sessionId": call.conversation_id,
        "metadata": {"user": call.user, "agent": call.agent_name, "message_id": call.message_id},
        "stream": True,
    }
    sent = headers(call, ACCEPT)
    if not call.attachments:
        return OutboundRequest(call.url, sent, body)
    fields = [(name, _part(value)) for name, value in body.items()]
    return OutboundRequest(call.url, sent, form=(*fields, *(("files", file) for file in call.attachments)))


def _part(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
