"""The sessions of pages, kept under a keyed hash: what stands in the database signs nobody in.

The cookie holds the key itself; the row has its hash for an id. Everything that asks the database goes through the
four methods below, also when called by their asynchronous names.
"""

from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as PlainSessionStore
from django.utils import timezone

from accounts.tokens import keyed_hash
from tenants.managers import find

KEPT_CHARS: Final = 40  # the width of Django's column: 160 bits


def kept_key(session_key: str) -> str:
    """Return the id of a session's row."""
    return keyed_hash("page-session", session_key)[:KEPT_CHARS]


class SessionStore(PlainSessionStore):
    """Django's sessions in the database, without their keys."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; forget a key that leads to none."""
        unexpired = self.model.objects.filter(expire_date__gt=timezone.now())
        row = find(unexpired, session_key=kept_key(self.session_key or ""))
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def exists(self, session_key: str) -> bool:
        return super().exists(kept_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = kept_key(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if session_key := session_key or self.session_key:
            super().delete(kept_key(session_key))

    aload = SessionBase.aload
    aexists = SessionBase.aexists
    acreate = SessionBase.acreate
    asave = SessionBase.asave
    adelete = SessionBase.adelete
