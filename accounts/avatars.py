"""Pictures of people: known by their content, kept small."""

import base64
import binascii
import re
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
SIDE: Final = 256
MAX_PIXELS: Final = 25_000_000
MAX_BYTES: Final = 256 * 1024
DATA_URI: Final = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp);base64,([A-Za-z0-9+/]+=*)")


def checked(uri: str) -> str:
    """Return a data URI of a small picture, its type said by its content; raise `ValueError` with a sentence."""
    match = DATA_URI.fullmatch(uri)
    if match is None:
        raise ValueError("A picture is sent as data:image/…;base64,… in PNG, JPEG, GIF or WebP.")
    try:
        content = base64.b64decode(match[1], validate=True)
    except binascii.Error:
        raise ValueError("The picture is not valid base64.") from None
    if len(content) > MAX_BYTES:
        raise ValueError(f"The picture may have at most {MAX_BYTES // 1024} KB.")
    image = _opened(content)
    return _data_uri(content, TYPES[str(image.format)])


def shrunk(content: bytes) -> str:
    """Return an uploaded picture as a small data URI; raise `ValueError` with a sentence on anything else.

    It is drawn anew, so that nothing but pixels is kept: no place, no camera, no code behind its end.
    """
    image = _opened(content)
    image.thumbnail((SIDE, SIDE))
    upright = ImageOps.exif_transpose(image)
    out = BytesIO()
    upright.convert("RGBA" if upright.has_transparency_data else "RGB").save(out, "WEBP", quality=80)
    return _data_uri(out.getvalue(), TYPES["WEBP"])


def _opened(content: bytes) -> Image.Image:
    """Open and decode a picture of bearable size."""
    try:
        image = Image.open(BytesIO(content), formats=list(TYPES))
        if image.width * image.height <= MAX_PIXELS:
            image.load()
            return image
    except Exception:  # noqa: BLE001 - a damaged or hostile file makes the decoders raise almost anything
        raise ValueError("This is not a picture in PNG, JPEG, GIF or WebP.") from None
    raise ValueError(f"The picture has more than {MAX_PIXELS:,} pixels.")


def _data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
