"""An answer as a chat completion."""

import json
from typing import Any
from uuid import UUID

from chats.completions.asking import Asked
from chats.completions.errors import told
from chats.completions.reading import Finish
from tenants.exceptions import ParleyError


class ChatCompletion:
    """The shape of `/v1/chat/completions`."""

    def __init__(self, asked: Asked, *, model: str, include_usage: bool) -> None:
        self._include_usage = include_usage
        self._head: dict[str, Any] = {
            "id": f"chatcmpl-{asked.run.id.hex}",
            "created": int(asked.run.started_at.timestamp()),
            "model": model,
        }
        self._kept = kept_in(asked.chat_id)

    def opening(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""}, extra=self._kept)

    def piece(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def closing(self, finish: Finish) -> bytes:
        last = self._chunk({}, reason=_reason(finish))
        if self._include_usage:
            last += _event({**self._head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(finish)})
        return last + b"data: [DONE]\n\n"

    def failure(self, error: ParleyError) -> bytes:
        return _event({"error": told(error)})

    def whole(self, finish: Finish) -> dict[str, Any]:
        message = {"role": "assistant", "content": finish.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(finish)}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(finish),
            **self._kept,
        }

    def _chunk(self, delta: dict[str, str], *, reason: str | None = None, extra: dict[str, Any] | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if self._include_usage else {}
        return _event({**self._head, "object": "chat.completion.chunk", "choices": [choice], **usage, **(extra or {})})


def kept_in(chat_id: UUID | None) -> dict[str, Any]:
    """Return where an answer is kept, as `metadata` has it."""
    return {"metadata": {"chat_id": str(chat_id)}} if chat_id else {}


def _reason(finish: Finish) -> str:
    return "length" if finish.is_cut else "stop"


def _usage(finish: Finish) -> dict[str, int]:
    return {
        "prompt_tokens": finish.prompt_tokens,
        "completion_tokens": finish.completion_tokens,
        "total_tokens": finish.prompt_tokens + finish.completion_tokens,
    }


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
