"""Answers written down from what each back end documents and sends, one module a format."""

from tests.wire.cases import a2a, agui, dify, flowise, generic, langflow, langserve, n8n, ollama, openai, vercel
from tests.wire.cases.case import Case

MODULES = (a2a, agui, dify, flowise, generic, langflow, langserve, n8n, ollama, openai, vercel)
CASES: list[Case] = [case for module in MODULES for case in module.CASES]

__all__ = ["CASES", "Case"]
