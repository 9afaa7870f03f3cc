"""A chat-completions endpoint as OpenAI defined it and many others serve it."""

from typing import Final

from agents.kinds.call import Call, OutboundRequest, headers

PATH: Final = "/chat/completions"
OPTIONS: Final = ("temperature", "max_tokens", "top_p")


def request(call: Call) -> OutboundRequest:
    """Ask for a streamed completion; the system prompt goes first, timestamps are left out."""
    messages = [{"role": message.role, "content": message.content} for message in call.messages]
    if call.system_prompt:
        messages.insert(0, {"role": "system", "content": call.system_prompt})
    body = {
        "model": call.config.get("model", ""),
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **{option: call.config[option] for option in OPTIONS if option in call.config},
    }
    return OutboundRequest(endpoint(call.url), headers(call, "text/event-stream, application/json;q=0.8"), body)


def endpoint(url: str) -> str:
    """Return the address of the completions for an agent's URL, which may be the base alone (`…/v1`)."""
    base, mark, query = url.partition("?")
    base = base.rstrip("/")
    return base + ("" if base.endswith(PATH) else PATH) + mark + query
