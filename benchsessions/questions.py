"""What makes two questions the same."""

import hashlib
import unicodedata
from typing import Any


def text_of_request(request: Any) -> str:
    """Return the question in one entry of a session's `request`, which is an object with a `body`, or a text."""
    body = request.get("body") if isinstance(request, dict) else request
    return body if isinstance(body, str) else ""


def question_key(question: str) -> str:
    """Return the hash of a question without differences of case, spacing and Unicode form."""
    normal = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    return hashlib.sha256(normal.encode("utf-8", "replace")).hexdigest()
