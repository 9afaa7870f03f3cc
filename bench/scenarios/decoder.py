"""How fast answers are decoded: each format in large reads and event by event, beside `json.loads` of the same JSON."""

import json
import re
from time import process_time
from typing import Final

from agents.wire import Decoder
from bench.figures import Figure
from bench.stage import Stage
from bench.streams import STREAMS, Stream

EVENTS: Final = 20_000
READ: Final = 16 * 1024
NO_LIMIT: Final = 2**30
JSON_OBJECT: Final = re.compile(rb"\{.*\}")


def measure(stage: Stage) -> list[Figure]:
    """Decode each format as often as rounds are asked for."""
    figures = []
    for name, stream in STREAMS.items():
        rounds = [_times(stream) for _ in range(stage.rounds)]
        size = len(stream.frame) * EVENTS / 1e6
        figures += [
            Figure(f"{name}, large reads", [size / large for large, _, _ in rounds], "MB/s"),
            Figure(f"{name}, large reads", [large / EVENTS * 1e6 for large, _, _ in rounds], "µs an event"),
            Figure(f"{name}, event by event", [single / EVENTS * 1e6 for _, single, _ in rounds], "µs an event"),
        ]
        if JSON_OBJECT.search(stream.frame):
            figures.append(Figure(f"{name}, over json.loads", [large / bare for large, _, bare in rounds], "times"))
    return figures


def _times(stream: Stream) -> tuple[float, float, float]:
    """Return the seconds that large reads, reads of one event, and bare `json.loads` take."""
    body = stream.body(EVENTS)
    large = _decode(stream, [body[at : at + READ] for at in range(0, len(body), READ)])
    single = _decode(stream, [stream.frame] * EVENTS)
    found = JSON_OBJECT.search(stream.frame)
    started = process_time()
    if found:
        for _ in range(EVENTS):
            json.loads(found[0])
    return large, single, process_time() - started


def _decode(stream: Stream, reads: list[bytes]) -> float:
    decoder = Decoder(stream.content_type, max_event_bytes=NO_LIMIT, max_text_bytes=NO_LIMIT)
    started = process_time()
    characters = sum(len(getattr(event, "text", "")) for read in reads for event in decoder.feed(read))
    seconds = process_time() - started
    if characters == 0:
        raise RuntimeError(f"Nothing was read of a stream of {stream.content_type}.")
    return seconds
