"""The bench speaks English and Russian; everything else of Parley speaks English."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from accounts.models import User

PREFERENCE: Final = "language"


def language_of(request: HttpRequest, user: User | None) -> str:
    """Return the language somebody chose, else the first of their browser's that the bench speaks."""
    chosen = user.preferences.get(PREFERENCE) if user is not None else None
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language_from_request(request)


@contextmanager
def speaking_to(request: HttpRequest, user: User | None) -> Iterator[None]:
    """Have what is written inside be in the language of who asks."""
    with translation.override(language_of(request, user)):
        yield
