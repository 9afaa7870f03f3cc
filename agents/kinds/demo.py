"""An agent without a network, for a first look and for tests."""

import asyncio
import re
from collections.abc import AsyncGenerator

from agents.exceptions import AgentError
from agents.kinds.call import Call

SECONDS = 5.0
TICK = 1 / 40

ANSWER = """\
## You asked

> {quote}

I am the demonstration agent{name}: no model stands behind me. I answer with a bit of everything, \
so that you can see **how an answer grows** and how *Markdown* looks here.

### Your message in numbers

| measure | value |
|---|---:|
| words | {words} |
| characters | {characters} |
| longest word | {longest} |
| message of yours in this chat | {turn} |
| files with it | {files} |

### What happens behind the scenes

1. Your message is saved, and the call of the agent starts on the server.
2. Each piece of the answer is added to one growing text.
3. Your page reads along from wherever it is:
   - close it, and **nothing is lost**;
   - open it again, and it goes on.

### A little code

```python
def {function}(text: str) -> int:
    \"\"\"Count the words, as I did for the table above.\"\"\"
    return len(text.split())
```

{closing}
"""

CLOSINGS = (
    "Ask me anything else: the table will change, the advice will not.",
    "To get real answers, ask an admin of your team to add an agent with a webhook.",
    "That is all I know. Try `Stop` during my next answer: what has come is kept.",
)


async def stream(call: Call) -> AsyncGenerator[str, None]:
    """Give the answer in small pieces over about five seconds.

    `config` may hold `demo_seconds`, the duration, and `demo_fail`: if true, the answer fails with `agent_failed`
    halfway.
    """
    text = answer(call)
    ticks = max(1, round(float(call.config.get("demo_seconds", SECONDS)) / TICK))
    step = max(1, -(-len(text) // ticks))
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    for number, piece in enumerate(pieces):
        if call.config.get("demo_fail") and number >= len(pieces) / 2:
            raise AgentError("agent_failed", "The demonstration agent fails halfway, as its config says.")
        yield piece
        await asyncio.sleep(TICK)


def answer(call: Call) -> str:
    """Return the whole answer to the last message; the same message gets the same answer."""
    question = call.question.strip() or "(nothing)"
    words = re.findall(r"\w+", question)
    longest = max(words, key=len, default="–")
    return ANSWER.format(
        quote=quotable(question),
        name=f", {escaped(call.agent_name)}" if call.agent_name else "",
        words=len(words),
        characters=len(question),
        longest=escaped(longest[:40]),
        files=len(call.attachments),
        turn=sum(message.role == "user" for message in call.messages),
        function="count_words" if len(words) % 2 else "number_of_words",
        closing=CLOSINGS[len(question) % len(CLOSINGS)],
    )


def quotable(text: str) -> str:
    """Return the first lines of `text` for a block quote, with nothing in them that Markdown would act on."""
    lines = [escaped(line) for line in text[:300].split("\n")[:5]]
    return "\n> ".join(lines) + (" …" if len(text) > 300 else "")


def escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~&:])", r"\\\1", text)
