"""A flow of Langflow, by its run URL (`…/api/v1/run/{id}`), which keeps the conversation.

Langflow reads its key from the header `x-api-key`. `config` may hold `tweaks` (an object; a system prompt goes there,
to the component that takes it), `input_type` and `output_type`, both `chat` unless given.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

from agents.kinds.call import Call, OutboundRequest
from agents.kinds.http import headers


def request(call: Call) -> OutboundRequest:
    """Send the last question; a flow remembers by the session."""
    body = {
        "input_value": call.question,
        "input_type": call.config.get("input_type", "chat"),
        "output_type": call.config.get("output_type", "chat"),
        "session_id": call.conversation_id,
        "tweaks": call.config.get("tweaks", {}),
    }
    return OutboundRequest(streaming(call.url), headers(call), body)


def streaming(url: str) -> str:
    """Return the address with `stream=true`, whatever it said about that."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "stream"]
    return parts._replace(query=urlencode([*query, ("stream", "true")])).geturl()
