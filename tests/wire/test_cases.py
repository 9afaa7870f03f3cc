"""Every case of every format: read whole, byte by byte and in pieces, it says the same."""

import random
from itertools import pairwise

import pytest

from agents.wire import Conversation, Failed, Notice, Replace, Text, Usage
from agents.wire.formats import FORMATS
from tests.wire.cases import CASES
from tests.wire.reading import bytewise, decoder, read


def outcome(events):
    """Return what remains of an answer: its text, its code, and what came beside it."""
    text, notices = "", {}
    usage = conversation_id = None
    for event in events:
        match event:
            case Text():
                text += event.text
            case Replace():
                text = event.text
            case Usage():
                usage = (event.prompt_tokens, event.completion_tokens)
            case Conversation():
                assert conversation_id is None
                conversation_id = event.id
            case Notice():
                known = notices.get((event.kind, event.key))
                if known or event.title or event.text or event.url:  # the end alone tells nothing
                    notices[event.kind, event.key] = _together(known, event)
    code = events[-1].error.code if isinstance(events[-1], Failed) else None
    replaced = any(isinstance(event, Replace) for event in events)
    return text, code, tuple(notices.values()), usage, conversation_id or "", replaced


def _together(known, notice):
    if known is None:
        return notice
    return Notice(
        notice.kind,
        key=notice.key,
        title=notice.title or known.title,
        text=known.text + notice.text,
        url=notice.url or known.url,
        done=notice.done or known.done,
    )


def test_names_are_unique():
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_reads_the_same_however_it_is_cut(case):
    expected = (case.text, case.code, case.notices, case.usage, case.conversation_id, case.replaced)
    assert outcome(read(case.content_type, case.body)) == expected
    assert outcome(read(case.content_type, bytewise(case.body))) == expected
    dice = random.Random(case.name)
    for _ in range(20):
        cuts = sorted(dice.choices(range(len(case.body) + 1), k=dice.randint(1, 12)))
        pieces = [case.body[start:stop] for start, stop in pairwise([0, *cuts, len(case.body)])]
        assert outcome(read(case.content_type, pieces)) == expected


@pytest.mark.parametrize("known", [known.name for known in FORMATS])
def test_each_format_is_recognised_in_some_case(known):
    recognised = set()
    for case in CASES:
        reader = decoder(case.content_type)
        reader.feed(case.body)
        recognised.add(reader.format)
    assert known in recognised
