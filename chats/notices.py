"""What an agent told beside its answer, in words: its reasoning, the tools it used, the sources it names."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Notice = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A source as a page lists it; without `url` it is only named."""

    title: str
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class Beside:
    """All that stands beside one answer; `tools` are names, each with how often it was used."""

    reasoning: str
    has_thought: bool
    tools: list[tuple[str, int]]
    sources: list[Source]

    @property
    def summary(self) -> str:
        """Say in a few words what the agent did before it answered, nothing if it did nothing."""
        parts = ["thought for a moment"] * self.has_thought
        if len(self.tools) == 1:
            parts.append(f"used {self.tools[0][0]}")
        elif self.tools:
            parts.append(f"used {len(self.tools)} tools")
        line = " · ".join(parts)
        return line[:1].upper() + line[1:]


def description(notice: Notice) -> str:
    """Say in one line what is going on, or what it was."""
    title, done = notice["title"], notice["done"]
    match notice["kind"]:
        case "reasoning":
            return "Thought for a moment" if done else "Thinking …"
        case "tool":
            return f"Used {title or 'a tool'}" if done else f"Using {title or 'a tool'} …"
        case _:
            return f"Source: {title or _host(notice.get('url', '')) or 'unnamed'}"


def beside_of(notices: Iterable[Notice]) -> Beside:
    """Sort what was told by its kind."""
    kinds: dict[str, list[Notice]] = {"reasoning": [], "tool": [], "citation": []}
    for notice in notices:
        kinds[notice["kind"]].append(notice)
    return Beside(
        reasoning="\n\n".join(notice["text"].strip() for notice in kinds["reasoning"] if notice.get("text")),
        has_thought=bool(kinds["reasoning"]),
        tools=list(Counter(notice["title"] or "a tool" for notice in kinds["tool"]).items()),
        sources=[_source(notice) for notice in kinds["citation"] if notice["title"] or notice.get("url")],
    )


def _source(notice: Notice) -> Source:
    url = notice.get("url", "")
    host = _host(url)
    return Source(notice["title"] or host, url, host if notice["title"] else "")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
