"""Changing parts of annotations and leaving the rest as it stands."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

from django.db import transaction

from benchsessions.annotating import Changes, write_annotations
from benchsessions.exceptions import ChangedMeanwhile
from benchsessions.locking import lock_session
from benchsessions.models import Analyst
from benchsessions.queries import annotations_of
from benchsessions.rubric import OVERALL
from benchsessions.sections import read_annotations


@transaction.atomic
def merge_annotations(
    *, session_id: UUID, author: Analyst, sent: Mapping[str, Mapping[str, Any] | None], version: int | None
) -> tuple[int, Changes]:
    """Put sections into an author's annotations, index → section → what is said; null clears a section or an index.

    Returns the session's new version and what changed. Raises `SessionNotFound`, `Invalid`, and `ChangedMeanwhile`
    for another version than the session's.
    """
    session = lock_session(session_id)
    if version is not None and version != session.version:
        raise ChangedMeanwhile(session.version)
    standing = annotations_of(session, author)
    merged = {index: _merged(standing.get(index, {}), sections) for index, sections in sent.items()}
    whole = standing | {index: data or {} for index, data in merged.items()}
    read = read_annotations(whole, session.n_questions)
    kept = {index: data for index, data in read.items() if merged.get(str(index), data) is not None}
    changes = write_annotations(session, author, kept)
    return session.version, changes


def _merged(standing: Mapping[str, Any], sections: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if sections is None:
        return None
    return {name: said for name, said in {**standing, **sections}.items() if said is not None} or None


def written_over(
    standing: dict[str, Any] | None, *, rating: str, comment: str, sections: Iterable[tuple[str, list[str], str]]
) -> dict[str, Any] | None:
    """Lay what a form says over an annotation: overall, and issues and comment by section.

    Only what differs is written, so whatever the form knows nothing of stays as it was; None where nothing is said.
    The page's script does the same (`static/js/bench/judgement.js`).
    """
    data = deepcopy(standing or {})
    _write(data, OVERALL, {"rating": rating or None, "comment": comment})
    for name, issues, remark in sections:
        before = data.get(name, {}).get("issues") or []
        kept = [issue for issue in before if issue in issues]  # in the order they were given in; new ones follow
        _write(data, name, {"issues": kept + [issue for issue in issues if issue not in before], "comment": remark})
    return data or None


def _write(data: dict[str, Any], name: str, said: Mapping[str, Any]) -> None:
    section = data.get(name, {})
    changed = {key: value for key, value in said.items() if not _is_same(value, section.get(key))}
    if changed:
        data[name] = {**section, **changed}


def _is_same(said: Any, standing: Any) -> bool:
    """Compare what a form says with what stands; a field of a form knows one kind of line end."""
    if isinstance(standing, str):
        standing = re.sub(r"\r\n?", "\n", standing)
    return said == standing or not (said or standing)
