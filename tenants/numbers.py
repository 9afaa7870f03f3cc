"""Numbers in addresses, each in its one spelling: `07` is no other name of 7, nor is `٣` one of 3."""

import re
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.urls.converters import IntConverter

NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}")  # no more digits than a column of numbers holds


class NumberConverter(IntConverter):
    """A number as a part of a path."""

    regex = NUMBER.pattern


def number_in(text: str) -> int | None:
    """Return the number that a text is, None for any other text."""
    return int(text) if NUMBER.fullmatch(text) else None


def page_asked(request: HttpRequest, found: Any, size: int) -> Page[Any]:
    """Return the page of a list that an address asks for, the first for what is no number."""
    return Paginator(found, size).get_page(number_in(request.GET.get("page", "")))
