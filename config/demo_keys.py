"""The demo's API keys. Their texts are kept in a file, so that the next run can print working ones again."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from accounts.actions.keys import create_key, revoke_key
from accounts.keys import hash_of_key
from accounts.models import ApiKey, User
from tenants.managers import find
from tenants.scope import tenant_scope

NAME: Final = "Demo key"
OPEN_AT_ONCE: Final = 5  # folders and databases may be shared, so the keys of other runs stay good for a while


@dataclass(frozen=True, slots=True)
class WantedKey:
    """Whose key it is, a person's or with none the team's own, and what it opens."""

    team_id: UUID
    user_id: UUID | None
    scopes: frozenset[str]


def working_keys(wanted: Mapping[str, WantedKey], *, file: Path | None) -> dict[str, str]:
    """Return the text of each key: the one kept in the file if it still works, else a new one, kept from now on.

    Runs that share the file wait for each other, so that two at once make one of each.
    """
    if file is None:
        return {name: _made(key) for name, key in wanted.items()}
    with _alone(file):
        kept = _read(file)
        texts = {name: _working(kept.get(name), key) or _made(key) for name, key in wanted.items()}
        if texts != kept:
            _write(file, texts)
    return texts


def _working(text: object, wanted: WantedKey) -> str | None:
    if not isinstance(text, str):
        return None
    with tenant_scope(wanted.team_id):
        key = find(ApiKey.objects.filter(user=wanted.user_id, revoked_at=None), key_hash=hash_of_key(text))
    works = key is not None and not key.has_expired and wanted.scopes == set(key.scopes)
    return text if works else None


def _made(wanted: WantedKey) -> str:
    with tenant_scope(wanted.team_id):
        user = find(User.objects.all(), id=wanted.user_id) if wanted.user_id else None
        older = ApiKey.objects.filter(user=user, name=NAME, revoked_at=None)
        for key in older[OPEN_AT_ONCE - 1 :]:
            revoke_key(user=user, key_id=key.id)
        _, text = create_key(team_id=wanted.team_id, user=user, name=NAME, scopes=wanted.scopes)
    return text


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> dict[str, object]:
    """Read what is kept; a file that is not there, or not ours any more, holds nothing."""
    try:
        kept = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(file: Path, texts: Mapping[str, str]) -> None:
    """Replace the file at once; nobody else may read it, not even while it is written."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            json.dump(texts, handle, indent=2)
        draft.replace(file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
