"""A webhook: n8n, or anything else that takes the conversation as JSON."""

from agents.kinds.call import Call, OutboundRequest, headers

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
    return OutboundRequest(call.url, headers(call, ACCEPT), body)
