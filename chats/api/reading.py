"""What a request says to the calls of chats."""

from typing import Any

from django.http import QueryDict
from rest_framework.request import Request

from chats.api.serializers import SendSerializer, UploadSerializer
from tenants.api.parsers import take_body
from tenants.exceptions import Invalid

MAX_KEY_CHARS = 255


def said_in(request: Request) -> dict[str, Any]:
    """Read a message; no form that would keep it, nor the view's frame, holds its files while the answer takes."""
    body = take_body(request)
    reads = UploadSerializer() if isinstance(body, QueryDict) else SendSerializer()
    said: dict[str, Any] = reads.run_validation(body)
    return said


def idempotency_key(request: Request) -> str:
    """Return the `Idempotency-Key` of a request, or nothing; raise `Invalid` for one that makes no sense."""
    key: str = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY_CHARS or not key.isprintable():
        raise Invalid(errors={"Idempotency-Key": [f"At most {MAX_KEY_CHARS} printable characters."]})
    return key
