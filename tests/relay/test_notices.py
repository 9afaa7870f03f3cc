"""What an agent tells beside its answer: merged, bounded, harmless, and told to whoever reads along."""

import asyncio
import json
import random
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import RunStatus
from agents.relay.notices import MAX_NOTICES, MAX_REASONING_CHARS, MAX_TITLE_CHARS, MAX_URL_CHARS, Notices
from agents.relay.transcript import Cursor, Ending, Transcript
from agents.wire import Notice

DONE = Ending(RunStatus.COMPLETE)
ANYTHING = st.text(alphabet=st.characters(codec=None), max_size=40)
ANY_NOTICE = st.builds(
    Notice,
    st.sampled_from(["reasoning", "tool", "citation"]),
    key=st.sampled_from(["", "a", "b", "c"]),
    title=ANYTHING,
    text=ANYTHING,
    url=ANYTHING | st.just("https://example.org/"),
    done=st.booleans(),
)


def collected(*told):
    notices = Notices()
    for notice in told:
        notices.add(notice)
    return notices


def test_pieces_of_the_same_kind_and_key_are_one_notice():
    notices = collected(
        Notice("reasoning", text="First "),
        Notice("tool", key="1", title="search"),
        Notice("reasoning", text="second."),
        Notice("tool", key="2", title="search"),
        Notice("tool", key="1", done=True),
        Notice("citation", key="1", title="Handbook", url="https://docs.test/a?b=c#d"),
    )
    assert notices.kept() == [
        {"id": 1, "kind": "reasoning", "title": "", "done": False, "text": "First second."},
        {"id": 2, "kind": "tool", "title": "search", "done": True},
        {"id": 3, "kind": "tool", "title": "search", "done": False},
        {"id": 4, "kind": "citation", "title": "Handbook", "done": True, "url": "https://docs.test/a?b=c#d"},
    ]


def test_the_end_of_something_unknown_is_no_notice():
    assert collected(Notice("reasoning", key="hidden", done=True), Notice("tool", key="1", done=True)).kept() == []


def test_words_of_tools_and_sources_are_not_kept():
    notices = collected(Notice("tool", title="t", text="secret rows"), Notice("citation", title="c", text="a page"))
    assert "secret" not in json.dumps(notices.kept())
    assert "page" not in json.dumps(notices.kept())


def test_reasoning_is_over_when_the_answer_goes_on_and_everything_when_it_ends():
    notices = collected(Notice("reasoning", text="Hm."), Notice("tool", key="1", title="t"))
    notices.thought()
    assert [row["done"] for row in notices.kept()] == [True, False]
    notices.add(Notice("reasoning", text=" Again."))
    assert [row["done"] for row in notices.kept()] == [False, False]
    notices.close()
    assert [row["done"] for row in notices.kept()] == [True, True]


def test_an_agent_that_floods_is_kept_within_bounds():
    notices = Notices()
    for number in range(1000):
        notices.add(Notice("tool", key=str(number) * 1000, title="t" * 5000, url="https://x.test/" + "u" * 5000))
        notices.add(Notice("reasoning", text="r" * 1000))
    kept = notices.kept()
    assert len(kept) == MAX_NOTICES
    assert max(len(row["title"]) for row in kept) == MAX_TITLE_CHARS
    assert sum(len(row.get("text", "")) for row in kept) == MAX_REASONING_CHARS
    assert not any("url" in row for row in kept)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://x.test",
        "data:text/html,x",
        "//x.test",
        "/chats",
        "https:x.test",
        "https://",
        "https://[",
        "http:///x",
        "https://x.test/\njavascript:x",
        "https://x.test/\u2028",
        " https://x.test",
        "https://x.test/ y",
        "https:\\\\x.test",
        "https://x.test\\@y.test",
        "https://x.test/" + "u" * MAX_URL_CHARS,
    ],
)
def test_what_is_no_web_address_becomes_no_link(url):
    assert "url" not in collected(Notice("citation", title="c", url=url)).kept()[0]


def test_a_title_is_one_line_that_a_database_can_hold():
    notices = collected(Notice("tool", title="\x00 <b>a\r\nb</b>\u2028c\t\ud800 \x1b[0m"))
    assert notices.kept()[0]["title"] == "� <b>a b</b> c � [0m"


@given(st.lists(ANY_NOTICE, max_size=20))
def test_whatever_is_told_can_be_saved_and_keeps_its_shape(told):
    kept = collected(*told).kept()
    json.dumps(kept).encode()
    assert all("\0" not in value for row in kept for value in row.values() if isinstance(value, str))
    assert [row["id"] for row in kept] == list(range(1, len(kept) + 1))


@given(st.lists(ANY_NOTICE, max_size=20), st.integers(0, 2**32))
def test_a_mirror_that_hears_each_change_in_any_order_and_twice_ends_the_same(told, seed):
    notices, mirror, dice = Notices(), Notices(), random.Random(seed)
    messages = []
    for notice in told:
        notices.add(notice)
        messages += [row.live() | {"version": row.version} for row in notices.since(0)]
    messages *= 2
    dice.shuffle(messages)
    mirror.mirror(messages)
    assert [row.live() for row in mirror.since(0)] == [row.live() for row in notices.since(0)]
    assert mirror.version == notices.version


async def test_readers_are_told_of_notices_beside_the_text_and_of_each_change():
    transcript = Transcript(uuid4())
    reading = transcript.read(Cursor(transcript.run_id), silence=5)
    transcript.note(Notice("tool", key="1", title="search"))
    assert (await anext(reading)).live() == {"id": 1, "kind": "tool", "title": "search", "done": False}
    transcript.append("Found.")
    assert (await anext(reading)).text == "Found."
    transcript.notices.close()
    transcript.end(DONE)
    assert [row.live()["done"] async for row in reading] == [True]


async def test_reasoning_wakes_nobody_after_its_first_piece():
    transcript = Transcript(uuid4())
    woken = []

    async def watch():
        while await transcript.wait():
            woken.append(1)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    for _ in range(1000):
        transcript.note(Notice("reasoning", text="token "))
        await asyncio.sleep(0)
    watching.cancel()
    assert len(woken) == 1
    assert transcript.notices.edition == 1000


async def test_a_tool_that_flickers_is_told_at_most_every_50_ms():
    transcript = Transcript(uuid4())

    async def watch():
        return [row async for row in transcript.read(Cursor(transcript.run_id), silence=5)]

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    until = loop.time() + 0.2
    while loop.time() < until:
        transcript.note(Notice("tool", title=str(random.random())))
        await asyncio.sleep(0)
    transcript.end(DONE)
    assert 2 <= len(await asyncio.wait_for(watching, 5)) <= 7
