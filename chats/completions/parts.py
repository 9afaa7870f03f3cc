"""The messages of a request as an agent is told them."""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core.files.base import File

from agents.kinds import Said
from chats.attachments import from_data_uri, read_files
from chats.exceptions import MessageTooLong
from tenants.exceptions import Invalid, ParleyError

# An agent takes no calls of a client's tools; what they said is part of what was said before.
ROLES: Final = {"developer": "system", "tool": "assistant", "function": "assistant"}
TEXTS: Final = ("text", "input_text", "output_text", "refusal")
IMAGES: Final = ("image_url", "input_image")
FILES: Final = ("file", "input_file")


def said_in(messages: Sequence[dict[str, Any]], *, field: str) -> list[Said]:
    """Read the messages of a request, oldest first; raise a refusal that names the place in `field`.

    A message without text and files says nothing and is left out. The last of a user must say something.
    """
    read = [_read(message, f"{field}.{place}.content") for place, message in enumerate(messages)]
    said = [message for message in read if message.content.strip() or message.attachments]
    if not any(message.role == "user" for message in said):
        raise Invalid(errors={field: ["A message of the role user has to say something."]})
    return said


def _read(message: dict[str, Any], place: str) -> Said:
    role = ROLES.get(message["role"], message["role"])
    content = message.get("content") or ""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    try:
        text = "\n".join(_text(part) for part in parts if part.get("type") in TEXTS)
        files = [_file(part) for part in parts if part.get("type") not in TEXTS]
        attachments = tuple(read_files(files))
    except ValueError as error:
        raise Invalid(errors={place: [str(error)]}) from None
    except ParleyError as error:
        error.errors = error.errors or {place: [error.sentence]}
        raise
    if len(text) > settings.MAX_MESSAGE_CHARS:
        raise MessageTooLong(errors={place: [MessageTooLong.sentence]})
    return Said(role, text, attachments=attachments)


def _text(part: dict[str, Any]) -> str:
    text = part.get("refusal" if part["type"] == "refusal" else "text")
    if not isinstance(text, str):
        raise ValueError("A part of text needs a text.")
    return text


def _file(part: dict[str, Any]) -> "File[bytes]":
    kind = part.get("type")
    if kind in IMAGES:
        image = part.get("image_url")
        return _data("image", image.get("url") if isinstance(image, dict) else image)
    if kind in FILES:
        file = part if kind == "input_file" else part.get("file")
        name = file.get("filename") if isinstance(file, dict) else None
        return _data(name if isinstance(name, str) else "", file.get("file_data") if isinstance(file, dict) else None)
    raise ValueError(f"Parts of the type {str(kind)[:40]!r} are not taken: send text, images or files.")


def _data(name: str, uri: Any) -> "File[bytes]":
    if not isinstance(uri, str):
        raise ValueError("Send the file itself, as a data: URI.")
    if uri[:8].lower().startswith(("http://", "https://")):
        raise ValueError("Nothing is fetched from other sites. Send the file itself, as a data: URI.")
    return from_data_uri(name, uri)
