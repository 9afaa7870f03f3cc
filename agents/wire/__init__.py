"""Read what agents answer: bytes in, events out, whatever of the known formats the bytes are in."""

from agents.wire.decoder import Decoder
from agents.wire.events import Event, Failed, Finished, Notice, Replace, Text, Usage

__all__ = ["Decoder", "Event", "Failed", "Finished", "Notice", "Replace", "Text", "Usage"]
