"""What is measured: each scenario starts what it needs and gives its figures."""

from collections.abc import Callable

from bench.figures import Figure
from bench.scenarios import decoder, first_token, hostile, judging, live, memory, messages, recovery, room, tokens
from bench.stage import Stage

SCENARIOS: dict[str, Callable[[Stage], list[Figure]]] = {
    "tokens": tokens.measure,
    "messages": messages.measure,
    "live": live.measure,
    "room": room.measure,
    "memory": memory.measure,
    "first-token": first_token.measure,
    "recovery": recovery.measure,
    "decoder": decoder.measure,
    "hostile": hostile.measure,
    "judging": judging.measure,
}
