"""The versions of an agent: what it was told, and how it was called, while a run used it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from typing import Any, Final

from django.db.models import QuerySet

from accounts.models import User
from agents.models import Agent, AgentVersion
from agents.portable import LABELS, SETTINGS, settings_of

# Comparing takes longer than the texts grow; beyond this a page says only that they differ.
MAX_LINES: Final = 2000
MAX_LINE_CHARS: Final = 500
LINES_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a change: `sign` is + for what came, - for what went, @ for a gap and a space for what stayed."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one setting; `lines` are empty where it is too long to compare."""

    name: str
    lines: Sequence[Line]

    @property
    def label(self) -> str:
        """What pages call the setting."""
        return LABELS[self.name]


@dataclass(frozen=True, slots=True)
class Told:
    """A version, and what it changed of the one before; `changes` is None for the first."""

    version: AgentVersion
    changes: Sequence[Change] | None


def keep_version(agent: Agent, *, by: User | None) -> None:
    """Keep what the agent is now as its next version, unless the last one says the same.

    Call it after the agent was saved, in the same transaction, which holds the agent's row.
    """
    settings = settings_of(agent)
    last = agent.version
    if last is not None and last.settings == settings:
        return
    newest = AgentVersion.objects.filter(agent=agent).order_by("-number").values_list("number", flat=True).first()
    agent.version = AgentVersion.objects.create(
        team_id=agent.team_id, agent=agent, number=(newest or 0) + 1, settings=settings, created_by=by
    )
    Agent.objects.filter(pk=agent.pk).update(version=agent.version)


def versions_of(agent: Agent) -> QuerySet[AgentVersion]:
    """Return the versions of an agent, the newest first, with who made them."""
    return AgentVersion.objects.filter(agent=agent).select_related("created_by").defer("created_by__avatar")


def told(agent: Agent, versions: Sequence[AgentVersion]) -> list[Told]:
    """Return versions of an agent that follow each other, the newest first, each with what it changed."""
    if not versions:
        return []
    earlier = AgentVersion.objects.filter(agent=agent, number__lt=versions[-1].number).first()
    before = [*versions[1:], earlier]
    return [
        Told(version, None if older is None else changes(older.settings, version.settings))
        for version, older in zip(versions, before, strict=True)
    ]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Return what differs between two versions, setting by setting."""
    return [
        Change(name, _lines(_text(before.get(name)), _text(after.get(name))))
        for name in SETTINGS
        if before.get(name) != after.get(name)
    ]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _lines(before: str, after: str) -> list[Line]:
    old, new = before.split("\n"), after.split("\n")
    if len(old) + len(new) > MAX_LINES:
        return []
    # A setting that was empty had no line.
    return list(islice(_compared(old if before else [], new if after else []), LINES_SHOWN))


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    compared = islice(unified_diff(old, new, n=2, lineterm=""), 2, None)  # the names of files
    for place, line in enumerate(compared):
        sign, text = line[:1], line[1:]
        if sign != "@":
            yield Line(sign, text[:MAX_LINE_CHARS] + ("…" if len(text) > MAX_LINE_CHARS else ""))
        elif place:
            yield Line("@", "")
