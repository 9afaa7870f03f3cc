"""The admin's pages of people and of what they may."""

from accounts.admin import audit, clients, identities, invitations, keys, people, rates, recording, tiers

__all__ = ["audit", "clients", "identities", "invitations", "keys", "people", "rates", "recording", "tiers"]
