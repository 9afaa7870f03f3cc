"""Two clients of OpenAI's API that know nothing of each other, made alike for the tests."""

from collections.abc import Iterator
from typing import Any

import openai
from mistralai.client import Mistral


class Official:
    """The package `openai`, as it comes: it tries again by itself where it finds that reasonable."""

    def __init__(self, base_url: str, key: str) -> None:
        self.client = openai.OpenAI(base_url=f"{base_url}/v1", api_key=key, timeout=30)

    def models(self) -> dict[str, str]:
        return {model.id: model.name for model in self.client.models.list()}  # type: ignore[attr-defined]

    def whole(self, model: str, text: str, **options: Any) -> Any:
        messages = [{"role": "user", "content": text}]
        return self.client.chat.completions.create(model=model, messages=messages, **options)  # type: ignore[call-overload]

    def stream(self, model: str, text: str, **options: Any) -> Iterator[Any]:
        yield from self.whole(model, text, stream=True, **options)


class Other:
    """The package `mistralai`, which shares no code with the first."""

    def __init__(self, base_url: str, key: str) -> None:
        self.client = Mistral(server_url=base_url, api_key=key, timeout_ms=30_000)

    def models(self) -> dict[str, str]:
        return {model.raw["id"]: model.raw["name"] for model in self.client.models.list().data or []}  # type: ignore[union-attr]

    def whole(self, model: str, text: str, **options: Any) -> Any:
        return self.client.chat.complete(model=model, messages=[{"role": "user", "content": text}], **options)

    def stream(self, model: str, text: str, **options: Any) -> Iterator[Any]:
        messages: Any = [{"role": "user", "content": text}]
        with self.client.chat.stream(model=model, messages=messages, **options) as events:
            yield from (event.data for event in events)


def text_of(chunks: Any) -> str:
    """Join what the chunks of a stream brought."""
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
