"""Read what agents answer: bytes in, events out, whatever of the known formats the bytes are in."""

from agents.wire.decoder import Decoder
from agents.wire.events import Conversation, Event, Failed, Finished, Notice, Replace, Text, Usage

__all__ = ["Conversation", "Decoder", "Event", "Failed", "Finished", "Notice", "Replace", "Text", "Usage"]
