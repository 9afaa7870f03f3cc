"""Test an agent: a real call of it, and a report of how far it came and what to change."""

from agents.diagnosis.examining import HELLO, LONGEST_QUESTION, begin, examine
from agents.diagnosis.report import Report, find_report

__all__ = ["HELLO", "LONGEST_QUESTION", "Report", "begin", "examine", "find_report"]
