"""The formats of streamed answers, one module each.

A format is recognised by the shape of its frames, not by what the agent was called as. To read one more, write its
module and put its `Format` at its place in `FORMATS`: the first that claims a frame reads it.
"""

from agents.wire.formats.errors import ERROR
from agents.wire.formats.generic import GENERIC
from agents.wire.formats.n8n import N8N
from agents.wire.formats.openai import OPENAI
from agents.wire.formats.shape import Format, Frame

FORMATS = (N8N, ERROR, OPENAI, GENERIC)


def format_of(frame: Frame) -> Format:
    """Return the format that reads a frame."""
    for candidate in FORMATS:
        if candidate.claims(frame):
            return candidate
    raise AssertionError("The last format claims every frame.")


def surely_frame(value: object) -> bool:
    """Tell whether a JSON value can be nothing but a frame of a stream."""
    return isinstance(value, dict) and any(candidate.certain(value) for candidate in FORMATS)
