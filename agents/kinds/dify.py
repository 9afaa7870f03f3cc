"""A chat app of Dify, which keeps the conversation and names it in its first answer.

The URL may be the base alone (`…/v1`). `config` may hold `inputs`, the values of the app's variables. An app has its
prompt on its own side; ours is the input `system_prompt`, for an app that has a variable of this name.
"""

from typing import Any, Final

from agents.exceptions import AgentError
from agents.kinds.call import Attached, Call, OutboundRequest
from agents.kinds.http import endpoint, headers

PATH: Final = "/chat-messages"
UPLOAD_PATH: Final = "/files/upload"
MEDIA: Final = ("image", "audio", "video")


def request(call: Call) -> OutboundRequest:
    """Send the last question and the files that were uploaded."""
    prompt = {"system_prompt": call.system_prompt} if call.system_prompt else {}
    body = {
        "inputs": prompt | call.config.get("inputs", {}),
        "query": call.question,
        "response_mode": "streaming",
        "conversation_id": call.their_conversation_id,
        "user": _user(call),
        "files": [_file(*pair) for pair in zip(call.attachments, call.uploaded, strict=True)],
    }
    return OutboundRequest(endpoint(call.url, PATH), headers(call), body)


def uploads(call: Call) -> list[OutboundRequest]:
    """Upload what came with the last question."""
    url, mark, query = endpoint(call.url, PATH).partition("?")
    url = url.removesuffix(PATH) + UPLOAD_PATH + mark + query
    user = ("user", _user(call))
    return [OutboundRequest(url, headers(call), form=(("file", file), user)) for file in call.attachments]


def _user(call: Call) -> str:
    """Return whom a conversation and its files belong to: a name may change between two questions, this does not."""
    return call.conversation_id or call.user or "parley"


def _file(file: Attached, reply: Any) -> dict[str, str]:
    if not (isinstance(reply, dict) and isinstance(reply.get("id"), str)):
        raise AgentError("agent_bad_json", "Dify answered the upload of a file without an id of it.")
    main = file.media_type.partition("/")[0]
    kind = main if main in MEDIA else "document"
    return {"type": kind, "transfer_method": "local_file", "upload_file_id": reply["id"]}
