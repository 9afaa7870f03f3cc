"""What is told beside the answer, from values of any type; what says nothing is left out."""

from agents.wire.events import Event, Notice
from agents.wire.formats.shape import name_in, text_in


def thought(text: object, key: object = "") -> list[Event]:
    """Return a piece of the model's reasoning."""
    words = text_in(text)
    return [Notice("reasoning", key=name_in(key), text=words)] if words else []


def tool(title: object, key: object = "", *, done: bool) -> list[Event]:
    """Return a tool by its name; calls without an id are told apart by that."""
    name = text_in(title)
    return [Notice("tool", key=name_in(key) or name_in(name), title=name, done=done)] if name else []


def source(title: object, url: object = "", key: object = "") -> list[Event]:
    """Return a page or a document that the answer names."""
    address = text_in(url)
    name = text_in(title) or address
    named = name_in(key) or name_in(address) or name_in(name)
    return [Notice("citation", key=named, title=name, url=address, done=True)] if name else []


def tool_over(key: object) -> list[Event]:
    return [Notice("tool", key=name_in(key), done=True)]


def thought_over(key: object = "") -> list[Event]:
    return [Notice("reasoning", key=name_in(key), done=True)]
