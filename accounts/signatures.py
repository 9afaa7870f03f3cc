"""Signed requests, in the way of Standard Webhooks, for the calls of API keys.

`webhook-id` and `webhook-timestamp` are signed with the body: `webhook-signature: v1,<base64 of the HMAC-SHA-256 of
"id.timestamp.body">`. The key of the HMAC is the whole text of the API key that the request carries: of a second
secret the server would have to keep more than a hash. So a signature tells that the body is whole, new and sent
once; it does not help against somebody who knows the API key.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from typing import Final

from django.http import HttpRequest
from django.utils import timezone

from accounts import limits
from accounts.exceptions import BadSignature
from accounts.principal import Principal
from accounts.resolver import bearer_token
from accounts.tokens import keyed_hash

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
ID_FORM: Final = re.compile(r"[\w:+/=-]{1,256}", re.ASCII)  # without the dot, which separates
TIMESTAMP_FORM: Final = re.compile(r"\d{1,12}", re.ASCII)
TOLERANCE_SECONDS: Final = 300


def check(request: HttpRequest, principal: Principal) -> None:
    """Raise `BadSignature` unless a key's request is signed well, or neither signed nor in need of it."""
    given = [request.headers.get(name) for name in (ID, TIMESTAMP, SIGNATURE)]
    if not principal.needs_signature and given == [None, None, None]:
        return
    message_id, timestamp, signatures = (text or "" for text in given)
    if not ID_FORM.fullmatch(message_id) or not TIMESTAMP_FORM.fullmatch(timestamp):
        raise BadSignature()
    if abs(timezone.now().timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature()
    key = bearer_token(request.headers) or request.headers["X-Api-Key"]
    right = signature(key, message_id, timestamp, request.body).encode()
    if not any(hmac.compare_digest(right, part.encode()) for part in signatures.split(" ")):
        raise BadSignature()
    once = f"signed:{keyed_hash('signed-request', f'{principal.credential_id}:{message_id}')}"
    # The timestamp may lie ahead by the tolerance and is believed for as long after.
    if not limits.is_first(once, seconds=2 * TOLERANCE_SECONDS + 1):
        raise BadSignature()


def signature(key: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return what the header of the signature holds."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.new(key.encode(), content, hashlib.sha256).digest()).decode()}"
