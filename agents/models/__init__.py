"""Agents, and the ledger of every call of one."""

from agents.models.agents import Agent, AgentKind, AgentMember, AgentVersion, Audience, AuthKind
from agents.models.runs import Run, RunPurpose, RunStatus

__all__ = [
    "Agent",
    "AgentKind",
    "AgentMember",
    "AgentVersion",
    "Audience",
    "AuthKind",
    "Run",
    "RunPurpose",
    "RunStatus",
]
