"""Pictures of people and agents: known by their content, kept small, stored as data URIs."""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore
from typing import Final

from django.conf import settings
from PIL import Image, ImageOps

from tenants.exceptions import TooLarge

TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
DATA_URI: Final = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp);base64,([A-Za-z0-9+/]+=*)")
SIDE: Final = 256
BEGINNINGS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
MAX_PIXELS: Final = 16_000_000  # a phone's photograph has twelve
MAX_SEEN_PIXELS: Final = 50_000_000  # of one that we do not draw
MAX_KEPT_BYTES: Final = 256 * 1024
# A photograph saved as PNG compresses badly; beyond this it gets a palette.
MAX_PNG_BYTES: Final = 64 * 1024
# A drawn picture takes 64 MB and more, however small its file: only a few are drawn at the same time.
_drawing: Final = BoundedSemaphore(2)


def redrawn(content: bytes) -> str:
    """Return an uploaded image as a data URI of at most 256 × 256 pixels, in its own format.

    It is drawn anew: nothing but the pixels of the first frame is kept, no place or camera, no code behind the end.
    Raises `TooLarge` on too many bytes and `ValueError` with a plain sentence on what is no image we take.
    """
    if len(content) > settings.MAX_AVATAR_BYTES:
        raise TooLarge(f"A picture may have at most {settings.MAX_AVATAR_BYTES:,} bytes.")
    with _opened(content) as image:
        kind = str(image.format)
        return _data_uri(_encode(_shrink(image), kind), kind)


def checked(uri: str) -> str:
    """Return a data URI of a small picture as it came, its type said by its content; raises as `redrawn`."""
    content = decoded(uri)
    if len(content) > MAX_KEPT_BYTES:
        raise ValueError(f"The picture may have at most {MAX_KEPT_BYTES // 1024} KB.")
    with _opened(content) as image:
        image.load()
        return _data_uri(content, str(image.format))


def decoded(uri: str) -> bytes:
    """Return the bytes in a picture's data URI; raise `ValueError` on any other text."""
    match = DATA_URI.fullmatch(uri)
    if match is None:
        raise ValueError("A picture is sent as data:image/…;base64,… in PNG, JPEG, GIF or WebP.")
    try:
        return base64.b64decode(match[1], validate=True)
    except binascii.Error:
        raise ValueError("The picture is not valid base64.") from None


def media_type_of(content: bytes) -> str | None:
    """Return the media type of a picture that is kept as it came and not drawn here; None if it begins like none.

    Raises `ValueError` with a plain sentence on one that is damaged, or too large for whoever will draw it.
    """
    if not content.startswith(BEGINNINGS) and not (content.startswith(b"RIFF") and content[8:12] == b"WEBP"):
        return None
    with _opened(content, MAX_SEEN_PIXELS) as image:
        image.verify()
        return TYPES[str(image.format)]


@contextmanager
def _opened(content: bytes, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open a picture of bearable size; whatever a decoder makes of a bad one is a sentence."""
    too_large = f"The picture has more than {max_pixels:,} pixels."
    try:
        with _drawing, Image.open(BytesIO(content), formats=list(TYPES)) as image:
            if image.width * image.height > max_pixels:
                raise ValueError(too_large)
            yield image
    except Image.DecompressionBombError:
        raise ValueError(too_large) from None
    except ValueError:
        raise
    except Exception:  # noqa: BLE001 - a damaged or hostile file makes the decoders raise almost anything
        raise ValueError("This is not a picture in PNG, JPEG, GIF or WebP.") from None


def _shrink(image: Image.Image) -> Image.Image:
    image.thumbnail((SIDE, SIDE))
    upright = ImageOps.exif_transpose(image)
    drawn = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    drawn.info.clear()  # comments and profiles would be written out again
    return drawn


def _encode(image: Image.Image, kind: str) -> bytes:
    match kind:
        case "JPEG":
            return _saved(image.convert("RGB"), kind, quality=85, optimize=True)
        case "WEBP":
            return _saved(image, kind, quality=80)
        case "PNG" if len(exact := _saved(image, kind, optimize=True)) <= MAX_PNG_BYTES:
            return exact
        case _:
            return _saved(image.quantize(method=Image.Quantize.FASTOCTREE), kind, optimize=True)


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:{TYPES[kind]};base64,{base64.b64encode(content).decode()}"
