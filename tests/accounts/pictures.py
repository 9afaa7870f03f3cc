"""Pictures to upload."""

import base64
from io import BytesIO

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (2, 2)) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, kind)
    return out.getvalue()


def data_uri(content: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
