"""A chain behind LangServe.

The URL may be that of the chain alone; `/stream` is added. `config` may hold `input`: `question` (unless given) sends
the last question, for a chain that remembers by its session; `messages` sends the whole conversation with the system
prompt. `input_key` puts the input into an object under that name, as most chains want it, and `configurable` is sent
along with the session.
"""

from typing import Any, Final

from agents.kinds.call import Call, OutboundRequest
from agents.kinds.http import endpoint, headers

PATH: Final = "/stream"
INPUTS: Final = ("question", "messages")
TYPES: Final = {"user": "human", "assistant": "ai"}


def request(call: Call) -> OutboundRequest:
    """Send the input as the chain wants it, and the session."""
    given: Any = _messages(call) if call.config.get("input") == "messages" else call.question
    if key := call.config.get("input_key"):
        given = {key: given}
    session = {"session_id": call.conversation_id}
    body = {"input": given, "config": {"configurable": call.config.get("configurable", {}) | session}}
    return OutboundRequest(endpoint(call.url, PATH), headers(call), body)


def _messages(call: Call) -> list[dict[str, str]]:
    prompt = [{"type": "system", "content": call.system_prompt}] if call.system_prompt else []
    return [*prompt, *({"type": TYPES.get(said.role, said.role), "content": said.content} for said in call.messages)]
