"""HTML is made once for as many texts as fit, be they many and short or few and long."""

import pytest
from django.utils.safestring import mark_safe

from chats import markdown
from chats.renderings import Renderings


@pytest.fixture
def made():
    """The texts that HTML was made of."""
    return []


@pytest.fixture
def renderings(made):
    def make(text):
        made.append(text)
        return mark_safe(text * 2)

    return Renderings(make, most_chars=30)


def test_a_text_is_rendered_once(renderings, made):
    assert [renderings.of("ab") for _ in range(3)] == ["abab"] * 3
    assert made == ["ab"]


def test_what_was_not_used_for_longest_goes_when_all_is_too_long(renderings, made):
    for text in ("first", "second"):  # with their HTML 33 characters
        renderings.of(text)
    renderings.of("second"), renderings.of("first")
    assert made == ["first", "second", "first"]
    renderings.of("first"), renderings.of("two"), renderings.of("first"), renderings.of("three")
    renderings.of("first")
    assert made[3:] == ["two", "three"]


def test_what_is_too_long_alone_is_not_kept(renderings, made):
    for _ in range(2):
        assert renderings.of("x" * 11) == "x" * 22
    renderings.of("ab"), renderings.of("ab")
    assert made == ["x" * 11] * 2 + ["ab"]


def test_a_page_of_a_hundred_answers_is_rendered_once(monkeypatch, made):
    render = markdown._renderings._make
    monkeypatch.setattr(markdown._renderings, "_make", lambda text: made.append(text) or render(text))
    for _ in range(2):
        for number in range(100):
            markdown.render(f"Answer **{number}** of this test")
    assert len(made) == 100
