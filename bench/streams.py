"""Made-up answers of many small pieces, one for each wire format that Parley reads."""

import json
from dataclasses import dataclass
from typing import Any, Final

SSE: Final = "text/event-stream"
JSON: Final = "application/json"
WORD: Final = "word é "


@dataclass(frozen=True)
class Stream:
    """A format: its content type, and the bytes of one piece of text."""

    content_type: str
    frame: bytes

    def body(self, events: int) -> bytes:
        return self.frame * events


def data(value: Any) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def line(value: Any) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False)}\n".encode()


NODE: Final = {"nodeId": "ag-1", "nodeName": "AI Agent", "itemIndex": 0, "runIndex": 0, "timestamp": 1795249229159}
CHUNK: Final = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1795249229, "model": "m"}
PART: Final = {
    "taskId": "t",
    "contextId": "c",
    "append": True,
    "artifact": {"artifactId": "a", "parts": [{"text": WORD}]},
}

STREAMS: dict[str, Stream] = {
    "contract": Stream(SSE, data({"content": WORD})),
    "n8n": Stream(JSON, line({"type": "item", "content": WORD, "metadata": NODE})),
    "openai": Stream(SSE, data(CHUNK | {"choices": [{"index": 0, "delta": {"content": WORD}, "finish_reason": None}]})),
    "responses": Stream(
        SSE,
        data(
            {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "content_index": 0, "delta": WORD}
        ),
    ),
    "ollama": Stream(
        "application/x-ndjson",
        line(
            {
                "model": "m",
                "created_at": "2026-11-21T10:00:00Z",
                "message": {"role": "assistant", "content": WORD},
                "done": False,
            }
        ),
    ),
    "dify": Stream(
        SSE, data({"event": "message", "task_id": "t", "message_id": "m", "conversation_id": "c", "answer": WORD})
    ),
    "flowise": Stream(SSE, b"message:\n" + data({"event": "token", "data": WORD})),
    "langflow": Stream(SSE, line({"event": "token", "data": {"chunk": WORD, "id": "i"}}) + b"\n"),
    "langserve": Stream(SSE, b"event: data\r\ndata: " + json.dumps(WORD).encode() + b"\r\n\r\n"),
    "agui": Stream(SSE, data({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": WORD})),
    "vercel": Stream(SSE, data({"type": "text-delta", "id": "1", "delta": WORD})),
    "a2a": Stream(SSE, data({"jsonrpc": "2.0", "id": 1, "result": {"artifactUpdate": PART}})),
    "text": Stream("text/plain", WORD.encode()),
}
