"""What the contract's clients send, checked against the limits of `docs/bench.md`; refusals name the path."""

from collections.abc import Collection, Iterator
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework.request import Request

from benchsessions.answers import ANSWER_BYTES, DOCUMENT_KEYS, size_of, take_apart
from benchsessions.api.versions import TAG
from benchsessions.characters import check_characters, cleaned
from benchsessions.faults import Fault, refuse
from benchsessions.models import ApiMode, Environment
from benchsessions.sections import lists_with_doubles
from benchsessions.sessions import Asked
from benchsessions.wording import QUESTION_CHARS
from tenants.api.parsers import take_body
from tenants.exceptions import MOST_ERRORS, Invalid, TooLarge

MOST_DOCUMENTS: Final = 50
CONTENT_CHARS: Final = 20_000
ANNOTATIONS_BYTES: Final = 4 * 2**20
MAKES: Final = ("environment", "api_mode", "request", "response", "annotations")
CHANGES: Final = ("annotations", "response", "request")


class Sent(NamedTuple):
    """What a client sent of a session, None for what it left out; annotations are still to be laid on questions."""

    questions: list[Asked] | None
    response: Any
    replaced_characters: int
    annotations: Any
    unknown: list[str]


def object_in(request: Request) -> dict[str, Any]:
    """Return the body of a call; raise `Invalid` for one that is no object."""
    body = take_body(request)
    if not isinstance(body, dict):
        raise Invalid(_("The body must be an object."))
    return body


def checked_object_in(request: Request) -> dict[str, Any]:
    """Return the body of a call that keeps every text as it is; raise `Invalid` for what cannot be kept."""
    body = object_in(request)
    check_characters(body, "")
    return body


def new_session_in(request: Request) -> tuple[str, str, Sent]:
    """Return the environment, the mode and all else of a session to be made; raise `Invalid` or `TooLarge`."""
    body = object_in(request)
    chosen = {"environment": Environment.values, "api_mode": ApiMode.values}
    faults = [
        (name, _("This must be one of: %(names)s.") % {"names": ", ".join(values)})
        for name, values in chosen.items()
        if body.get(name) not in values
    ]
    if body.get("request") is None:
        faults.append(("request", _("This field is required.")))
    sent = _read(body, MAKES, faults)
    return body["environment"], body["api_mode"], sent


def changes_in(request: Request) -> Sent:
    """Return what is to be changed of a session; raise `Invalid` or `TooLarge`."""
    return _read(object_in(request), CHANGES, [])


def unknown_keys(body: dict[str, Any], names: Collection[str]) -> list[str]:
    """Return the keys of a body that are ignored, as clients are warned of."""
    return sorted(body.keys() - set(names))


def warnings_of(sent: Sent) -> list[str]:
    """Return what a client has to know of a session that was taken: what of it is not kept."""
    doubled = islice(lists_with_doubles(sent.annotations or {}, "annotations"), MOST_ERRORS)
    return [*sent.unknown, *(_("%(path)s: doubles were left out") % {"path": path} for path in doubled)]


def versions_in(request: Request) -> frozenset[int] | None:
    """Return the versions in `If-Match`, None where any is fine; a weak tag and one that is not ours match nothing."""
    sent = request.headers.get("If-Match")
    tags = parse_etags(sent) if sent is not None else ["*"]
    return None if tags == ["*"] else frozenset(int(tag[1]) for tag in map(TAG.fullmatch, tags) if tag)


def _read(body: dict[str, Any], names: Collection[str], faults: list[Fault]) -> Sent:
    check_characters(dict.fromkeys(body), "")
    questions, response, annotations = (body.get(name) for name in ("request", "response", "annotations"))
    response, replaced = cleaned(response)
    refuse(chain(faults, _request_faults(questions), _response_faults(response)))
    check_characters(questions, "request")
    check_characters(annotations, "annotations")
    if annotations is not None and size_of(annotations) > ANNOTATIONS_BYTES:
        raise TooLarge(errors={"annotations": [_("At most %(most)d KB.") % {"most": ANNOTATIONS_BYTES // 1024}]})
    asked = None if questions is None else [Asked(entry) for entry in questions]
    return Sent(asked, response, replaced, annotations, unknown_keys(body, names))


def _request_faults(entries: Any) -> Iterator[Fault]:
    if entries is None:
        return
    most = settings.BENCH_MAX_QUESTIONS
    if not isinstance(entries, list) or not 0 < len(entries) <= most:
        yield "request", _("This must be a list of 1 to %(most)d questions.") % {"most": most}
        return
    for place, entry in enumerate(entries):
        path = f"request.{place}"
        if not isinstance(entry, dict):
            yield path, _("This must be an object.")
            continue
        body = entry.get("body")
        if not isinstance(body, str) or not body.strip() or len(body) > QUESTION_CHARS:
            yield f"{path}.body", _("This must be a text of 1 to %(most)d characters.") % {"most": QUESTION_CHARS}
        if not isinstance(entry.get("with_docs", True), bool):
            yield f"{path}.with_docs", _("This must be true or false.")


def _response_faults(response: Any) -> Iterator[Fault]:
    if response is None:
        return
    if not isinstance(response, dict | list):
        yield "response", _("This must be an object or a list.")
    parts = take_apart(response)
    if parts is None:
        return
    frame, answers = parts
    around = f"response.{frame.key}" if frame.key else "response"
    for place, answer in enumerate(answers):
        path = f"{around}.{place}"
        if size_of(answer) > ANSWER_BYTES:
            yield path, _("At most %(most)d KB.") % {"most": ANSWER_BYTES // 1024}
        elif isinstance(answer, dict):
            yield from _document_faults(answer, path)


def _document_faults(answer: dict[str, Any], path: str) -> Iterator[Fault]:
    for key in DOCUMENT_KEYS:
        documents = answer.get(key)
        if not isinstance(documents, list):
            continue
        if len(documents) > MOST_DOCUMENTS:
            yield f"{path}.{key}", _("At most %(most)d documents.") % {"most": MOST_DOCUMENTS}
        for place, document in enumerate(documents):
            content = document.get("content") if isinstance(document, dict) else None
            if isinstance(content, str) and len(content) > CONTENT_CHARS:
                sentence = _("At most %(most)d characters.") % {"most": CONTENT_CHARS}
                yield f"{path}.{key}.{place}.content", sentence
