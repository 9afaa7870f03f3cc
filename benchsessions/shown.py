"""An answer and what belongs to it, as a page shows it: read, cut to size, its links checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.template.defaultfilters import floatformat
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from benchsessions.answers import read_answer
from benchsessions.models import Item
from chats.markdown import MARKDOWN_CHARS, render

TITLE_KEYS: Final = ("title", "name", "filename", "id", "url")
LINK_KEYS: Final = ("url", "link", "source", "href")
CONTENT_KEYS: Final = ("content", "text", "body", "snippet", "page_content")
NAME_KEYS: Final = ("id", "title", "name", "filename", "url")
JSON_CHARS: Final = 20_000
ERROR_CHARS: Final = 2_000
# What `benchsessions.running` keeps of a failure; a service's own kinds are shown as they stand.
KINDS: Final[Mapping[str, str | Promise]] = {
    "timeout": _("No answer came in time"),
    "http": _("The call failed"),
    "auth": _("The token is not accepted"),
    "parse": _("The reply cannot be read"),
    "rag": _("The service says that it failed"),
}


class Document(NamedTuple):
    """A document that a service found; `is_expected` is whether a good answer has it."""

    rank: str
    score: str
    title: str
    link: str
    content: str
    is_expected: bool


class Expected(NamedTuple):
    """A document that a good answer has, and whether it came."""

    name: str
    came: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of one item."""

    text: str
    html: SafeString
    is_cut: bool
    documents: list[Document]
    expected: list[Expected]
    classification: str
    error: str
    raw: str
    raw_is_cut: bool


def shown(item: Item, *, whole: bool = False) -> Shown:
    """Read an item with its answer; a text too long for Markdown is plain, and cut unless it is wanted whole."""
    reading = read_answer(item.answer)
    names = _expected_names(item.reference)
    documents = [_document(value, rank, names) for rank, value in enumerate(reading.documents, start=1)]
    came = {name for value in reading.documents for name in _names_of(value)}
    raw = _as_json({"request": item.request, "answer": item.answer})
    is_cut = len(reading.text) > MARKDOWN_CHARS and not whole
    return Shown(
        text=reading.text,
        html=render(reading.text[:MARKDOWN_CHARS] if is_cut else reading.text),
        is_cut=is_cut,
        documents=documents,
        expected=[Expected(name, name.casefold() in came) for name in names],
        classification=_classification(item.answer),
        error=_error(reading.error),
        raw=raw[:JSON_CHARS],
        raw_is_cut=len(raw) > JSON_CHARS,
    )


def _document(value: Any, rank: int, expected: list[str]) -> Document:
    known = value if isinstance(value, dict) else {}
    content = _first(known, CONTENT_KEYS) if known else str(value)
    return Document(
        rank=_plain(known.get("rank")) or str(rank),
        score=_score(known.get("score")),
        title=_first(known, TITLE_KEYS),
        link=_web_address(_first(known, LINK_KEYS)),
        content=content,
        is_expected=not _names_of(value).isdisjoint(name.casefold() for name in expected),
    )


def _names_of(value: Any) -> set[str]:
    """Return all that a document may be called, to find it among those expected."""
    named = [value.get(key) for key in NAME_KEYS] if isinstance(value, dict) else [value]
    return {_plain(name).strip().casefold() for name in named} - {""}


def _expected_names(reference: Any) -> list[str]:
    documents = reference.get("documents") if isinstance(reference, dict) else None
    named = documents if isinstance(documents, list) else []
    names = [_first(one, NAME_KEYS) if isinstance(one, dict) else _plain(one) for one in named]
    return [name.strip() for name in names if name.strip()]


def _classification(answer: Any) -> str:
    """Return what class a question was put in, with how sure that is, as far as the service says so."""
    said = answer.get("classification") if isinstance(answer, dict) else None
    if isinstance(said, dict) and set(said) <= {"label", "score"}:
        return " · ".join(filter(None, (_plain(said.get("label")), _score(said.get("score")))))
    return "" if said is None else _plain(said) or _as_json(said)[:JSON_CHARS]


def _error(error: Any) -> str:
    if isinstance(error, dict):
        kind, status = _plain(error.get("kind")), _plain(error.get("http_status"))
        parts = (str(KINDS.get(kind, kind)), status and f"HTTP {status}", _plain(error.get("message")))
        error = " · ".join(filter(None, parts)) or _as_json(error)
    return _plain(error)[:ERROR_CHARS]


def _first(known: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((text for text in (_plain(known.get(key)) for key in keys) if text), "")


def _plain(value: Any) -> str:
    """Return a text or a number as text, anything else as none."""
    is_said = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if is_said else ""


def _score(value: Any) -> str:
    return floatformat(value, 2) if isinstance(value, float) else _plain(value)


def _web_address(text: str) -> str:
    """Return an address that may become a link, empty for any other."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    return text.strip() if parts.scheme in {"http", "https"} and parts.netloc else ""


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
