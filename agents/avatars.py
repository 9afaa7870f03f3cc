"""Pictures that people upload: known by their content, made small, kept as a data URI."""

import base64
from io import BytesIO
from typing import Final

from django.conf import settings
from PIL import Image, ImageOps

from tenants.exceptions import TooLarge

FORMATS: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
SIDE: Final = 256
MAX_PIXELS: Final = 25_000_000
# A photograph saved as PNG compresses badly; beyond this it gets a palette.
MAX_PNG_BYTES: Final = 64 * 1024


def data_uri(content: bytes) -> str:
    """Return an image as a data URI of at most 256 × 256 pixels, in its own format.

    It is drawn anew: nothing but the pixels of the first frame is kept, no place or camera, no code behind the end.
    Raises `TooLarge` on too many bytes and `ValueError` with a plain sentence on what is no image we take.
    """
    if len(content) > settings.MAX_AVATAR_BYTES:
        raise TooLarge(f"A picture may have at most {settings.MAX_AVATAR_BYTES:,} bytes.")
    try:
        with Image.open(BytesIO(content), formats=list(FORMATS)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"The picture has more than {MAX_PIXELS:,} pixels.")
            kind = str(image.format)
            drawn = _encode(_shrink(image), kind)
    except Image.DecompressionBombError:
        raise ValueError(f"The picture has more than {MAX_PIXELS:,} pixels.") from None
    except ValueError:
        raise
    except Exception:  # noqa: BLE001 - a damaged or hostile file makes the decoders raise almost anything
        raise ValueError("This is not a picture in PNG, JPEG, GIF or WebP.") from None
    return f"data:{FORMATS[kind]};base64,{base64.b64encode(drawn).decode()}"


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
