"""The admin's pages of people and of what they may."""

from accounts.admin import clients, people, rates

__all__ = ["clients", "people", "rates"]
