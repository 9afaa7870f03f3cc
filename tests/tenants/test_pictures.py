"""Drawing pictures takes a bounded amount of memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tenants import pictures
from tests.accounts.parallel import at_once
from tests.accounts.pictures import picture


@pytest.mark.django_db
def test_only_two_pictures_are_drawn_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Numbers, not pictures: to look for a picture in a list is to compare, and so to load, the others.
    opened: set[int] = set()
    most: list[int] = []
    open_image = Image.open

    @contextmanager
    def slow(*args: Any, **kwargs: Any) -> Iterator[Image.Image]:
        with open_image(*args, **kwargs) as image:
            opened.add(id(image))
            most.append(len(opened))
            time.sleep(0.02)
            yield image
            opened.remove(id(image))

    monkeypatch.setattr(pictures.Image, "open", slow)
    content = picture()
    assert len(at_once(8, lambda number: pictures.redrawn(content))) == 8
    assert max(most) == 2


@pytest.mark.parametrize("size", [(4000, 4001), (6000, 5000)])
def test_a_picture_of_many_pixels_is_refused_however_small_its_file(size: tuple[int, int]) -> None:
    out = BytesIO()
    Image.new("1", size).save(out, "PNG")
    for _ in range(3):  # a refusal gives its turn back
        with pytest.raises(ValueError, match="16,000,000 pixels"):
            pictures.redrawn(out.getvalue())
