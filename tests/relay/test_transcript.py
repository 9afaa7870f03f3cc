"""The text is the log and an offset the cursor: whatever a reader does, the pieces joined are the answer."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import RunStatus
from agents.relay.transcript import MAX_PIECE_CHARS, Cursor, Ending, Transcript

DONE = Ending(RunStatus.COMPLETE)
WRITES = st.lists(st.tuples(st.booleans(), st.text(max_size=20)), max_size=30)


def read_all(transcript, cursor, text=""):
    """Return what a reader at a place makes of all that is there."""
    while piece := transcript.unseen(cursor):
        text = piece.text if piece.replaces else text + piece.text
        cursor = piece.cursor
    return text


@given(writes=WRITES, looks=st.sets(st.integers(0, 30)))
def test_a_reader_who_looks_now_and_then_ends_with_the_whole_text(writes, looks):
    async def scene():
        transcript, expected = Transcript(uuid4()), ""
        text, cursor = "", Cursor(transcript.run_id)
        for number, (replaces, piece) in enumerate(writes):
            if replaces:
                transcript.replace(piece)
            else:
                transcript.append(piece)
            expected = piece if replaces else expected + piece
            if number in looks:
                while seen := transcript.unseen(cursor):
                    text = seen.text if seen.replaces else text + seen.text
                    cursor = seen.cursor
        transcript.end(DONE)
        assert read_all(transcript, cursor, text) == read_all(transcript, Cursor(transcript.run_id)) == expected

    asyncio.run(scene())


async def test_a_late_reader_gets_bounded_pieces_from_the_start():
    transcript = Transcript(uuid4())
    transcript.append("ä" * (2 * MAX_PIECE_CHARS + 1))
    transcript.end(DONE)
    pieces = [piece.text async for piece in transcript.read(Cursor(transcript.run_id), silence=1)]
    assert [len(piece) for piece in pieces] == [MAX_PIECE_CHARS, MAX_PIECE_CHARS, 1]


async def test_the_first_piece_wakes_at_once_and_the_next_are_gathered():
    transcript = Transcript(uuid4())
    woken = asyncio.create_task(transcript.wait())
    await asyncio.sleep(0)
    transcript.append("first")
    assert await asyncio.wait_for(woken, 0.01)
    for number in range(100):
        transcript.append(str(number))
    assert transcript.text == "first"
    assert await transcript.wait(1)
    assert transcript.text == "first" + "".join(map(str, range(100)))


async def test_silence_is_told_and_the_end_is_an_end():
    transcript = Transcript(uuid4())
    reading = transcript.read(Cursor(transcript.run_id), silence=0.01)
    assert await anext(reading) is None
    transcript.end(DONE)
    assert [piece async for piece in reading] == []


async def test_a_reader_beyond_the_text_is_given_what_there_is_anew():
    transcript = Transcript(uuid4(), text="kept")
    piece = transcript.unseen(Cursor(transcript.run_id, 0, 99))
    assert (piece.text, piece.replaces, piece.cursor.offset) == ("kept", True, 4)


async def test_a_reader_beyond_a_mirror_waits_for_it():
    transcript = Transcript(uuid4(), text="beh", is_mirror=True)
    ahead = Cursor(transcript.run_id, 0, 6)
    assert transcript.unseen(ahead) is None
    transcript.append("ind the")
    transcript.flush()
    assert transcript.unseen(ahead).text == " the"


@pytest.mark.parametrize("text", ["", "x", "1-2-3", f"{uuid4().hex}-0", f"{uuid4().hex}-0-0-0", f"{uuid4()}-0-0"])
def test_other_texts_are_no_places(text):
    with pytest.raises(ValueError, match="not a place"):
        Cursor.parse(text)


@given(st.uuids(), st.integers(0, 10**6 - 1), st.integers(0, 10**10 - 1))
def test_a_place_survives_being_written(run_id, revision, offset):
    cursor = Cursor(run_id, revision, offset)
    assert Cursor.parse(str(cursor)) == cursor
