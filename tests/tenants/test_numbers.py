"""Numbers in addresses."""

import pytest
from django.test import RequestFactory

from tenants.numbers import number_in, page_asked


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("10", 10), ("999999999", 999_999_999)])
def test_a_number_has_one_spelling(text: str, number: int) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text", ["", "07", "00", "٣", "９", "²", "1_0", "1.0", "1e3", "+1", "-1", " 1", "1\n", "9" * 10]
)
def test_all_else_is_no_number(text: str) -> None:
    assert number_in(text) is None


@pytest.mark.parametrize(("page", "shown"), [("2", [2, 3]), ("9", [4]), ("0", [4]), ("02", [0, 1]), ("٢", [0, 1])])
def test_a_page_is_asked_for_by_its_number(page: str, shown: list[int]) -> None:
    request = RequestFactory().get("/", {"page": page})
    assert list(page_asked(request, range(5), 2)) == shown
