"""An answer as a response."""

import json
from typing import Any

from chats.completions.asking import Asked
from chats.completions.chat import kept_in
from chats.completions.errors import told
from chats.completions.reading import Finish
from tenants.exceptions import ParleyError

PLACE = {"output_index": 0, "content_index": 0}


class ModelResponse:
    """The shape of `/v1/responses`: one message with one text; each event of a stream has a number."""

    def __init__(self, asked: Asked, *, model: str) -> None:
        self._number = 0
        self._item_id = f"msg_{asked.run.id.hex}"
        self._kept = kept_in(asked.chat_id)
        self._head = {
            "id": f"resp_{asked.run.id.hex}",
            "object": "response",
            "created_at": int(asked.run.started_at.timestamp()),
            "model": model,
            "error": None,
            "instructions": None,
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
        }

    def opening(self) -> bytes:
        item = self._item("in_progress", [])
        return (
            self._event("response.created", response=self._response("in_progress", []))
            + self._event("response.output_item.added", output_index=0, item=item)
            + self._event("response.content_part.added", item_id=self._item_id, part=_part(""), **PLACE)
        )

    def piece(self, text: str) -> bytes:
        return self._event("response.output_text.delta", item_id=self._item_id, delta=text, logprobs=[], **PLACE)

    def closing(self, finish: Finish) -> bytes:
        whole = self.whole(finish)
        text = finish.text
        return (
            self._event("response.output_text.done", item_id=self._item_id, text=text, logprobs=[], **PLACE)
            + self._event("response.content_part.done", item_id=self._item_id, part=_part(text), **PLACE)
            + self._event("response.output_item.done", output_index=0, item=whole["output"][0])
            + self._event(f"response.{whole['status']}", response=whole)
        )

    def failure(self, error: ParleyError) -> bytes:
        shown = told(error)
        return self._event("error", code=shown["code"], message=shown["message"], param=shown["param"], error=shown)

    def whole(self, finish: Finish) -> dict[str, Any]:
        status = "incomplete" if finish.is_cut else "completed"
        usage = {
            "input_tokens": finish.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": finish.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": finish.prompt_tokens + finish.completion_tokens,
        }
        return self._response(status, [self._item(status, [_part(finish.text)])], usage)

    def _response(
        self, status: str, output: list[dict[str, Any]], usage: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        why = {"reason": "max_output_tokens"} if status == "incomplete" else None
        return {
            **self._head,
            "status": status,
            "output": output,
            "usage": usage,
            "incomplete_details": why,
            "metadata": {},
            **self._kept,
        }

    def _item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self._item_id, "type": "message", "status": status, "role": "assistant", "content": content}

    def _event(self, name: str, **fields: Any) -> bytes:
        data = {"type": name, "sequence_number": self._number, **fields}
        self._number += 1
        return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}
