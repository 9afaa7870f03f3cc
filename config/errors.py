"""The one renderer of errors: JSON for programs, a page in the house's dress for people."""

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_noop as _
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.refusals import refusal_page
from benchsessions.languages import speaking_to
from chats.completions import errors as door
from tenants.exceptions import Forbidden, Invalid, NotFound, NotSignedIn, ParleyError, TooLarge

logger = logging.getLogger(__name__)
API_ROOTS = ("/api", "/v1", "/mid", "/healthz")
BENCH_ROOTS = ("/bench",)


class ServerFault(ParleyError):
    status = 500
    code = "SERVER_ERROR"
    sentence = _("Something went wrong on our side. Try again; if it stays, tell the operator.")


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an API error in the common format; what nobody foresaw goes on to the 500 handler."""
    known = as_parley_error(error)
    if known is None:
        return None
    set_rollback()
    headers = dict(known.headers)
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if known.status == 401 and "WWW-Authenticate" not in headers:
        headers["WWW-Authenticate"] = 'Bearer realm="Parley"'
    return Response(body_of(known, context["request"].path), status=known.status, headers=headers)


def body_of(error: ParleyError, path: str) -> dict[str, Any]:
    """Return the JSON body of a refusal at an address: the common format, at the OpenAI door with that API's own."""
    return door.body_of(error) if door.is_ours(path) else error.body()


def as_parley_error(error: Exception) -> ParleyError | None:
    """Translate a framework's exception; None for one that nobody foresaw."""
    match error:
        case ParleyError():
            return error
        case Http404():
            return NotFound()
        case PermissionDenied():
            return Forbidden()
        case RequestDataTooBig():
            return TooLarge(_("This text is larger than a form takes. Send it as a file, or in parts."))
        case drf.ValidationError():
            return Invalid(errors=_sentences(error.detail))
        case drf.NotAuthenticated():
            return NotSignedIn()
        case drf.APIException():
            return _from_framework(error)
    return None


def _from_framework(error: drf.APIException) -> ParleyError:
    codes = {405: "METHOD_NOT_ALLOWED", 415: "UNSUPPORTED_MEDIA_TYPE", 403: "PERMISSION_DENIED"}
    known = ParleyError(str(error.detail))
    known.status = error.status_code
    known.code = codes.get(error.status_code, str(error.default_code).upper())
    return known


def _sentences(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Flatten nested validation messages into dotted field → sentences."""
    if isinstance(detail, dict):
        nested = [_sentences(value, f"{path}.{key}" if path else str(key)) for key, value in detail.items()]
        return {field: sentences for part in nested for field, sentences in part.items()}
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        return _sentences({str(place): item for place, item in enumerate(detail) if item}, path)
    items = detail if isinstance(detail, list) else [detail]
    return {path or "non_field_errors": [str(item) for item in items]}


def error_response(request: HttpRequest, error: ParleyError) -> HttpResponse:
    """Answer outside the REST framework: JSON under the API's paths, else a page."""
    if _is_under(API_ROOTS, request.path):
        response = JsonResponse(body_of(error, request.path))
        error.mark(response)
        return response
    with _language_of_page(request):
        return refusal_page(request, error)


def _is_under(roots: tuple[str, ...], path: str) -> bool:
    return path in roots or path.startswith(tuple(f"{root}/" for root in roots))


def _language_of_page(request: HttpRequest) -> AbstractContextManager[None]:
    """Speak the reader's language at the bench, also where no page of it was reached; the rest is English."""
    if not _is_under(BENCH_ROOTS, request.path):
        return nullcontext()
    principal = getattr(request, "principal", None)  # who is refused early is not known yet
    return speaking_to(request, principal.user if principal else None)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, as_parley_error(exception) or ParleyError())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    return error_response(request, ServerFault())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old."""
    sentence = _("This form is out of date. Go back, reload the page and send it again.")
    return error_response(request, Forbidden(sentence))
