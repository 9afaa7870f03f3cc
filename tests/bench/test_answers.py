"""Reading answers of any shape, and laying them beside the questions they belong to."""

import pytest

from benchsessions.answers import places_of, read_answer, take_apart
from benchsessions.characters import cleaned
from tenants.exceptions import Invalid

QUESTIONS = ["Как закрыть карту?", "Где тарифы?", "Как закрыть карту?"]


@pytest.mark.parametrize(
    ("answers", "places"),
    [
        ([{"index": 2}, {"index": 0}, {"index": 1}], [2, 0, 1]),
        ([{"index": 2}], [2]),
        ([{"question": "где  ТАРИФЫ?"}, {"question": {"body": QUESTIONS[0]}}], [1, 0]),
        ([{"question": QUESTIONS[0]}, {"question": QUESTIONS[2]}, {"question": QUESTIONS[1]}], [0, 2, 1]),
        (["a", None, {"body": "b"}], [0, 1, 2]),
        ([{"index": 0}, {"body": "b"}, {"body": "c"}], [0, 1, 2]),
        ([{"question": "Совсем другое?"}, {}, {}], [0, 1, 2]),
        (["a", "b"], None),
        (["a"] * 4, None),
        ([{"index": 0}, {"index": 0}, {"index": 1}], None),
        ([{"index": 1}, {"index": 2}, {"index": 3}], None),
        ([{"index": True}, {"index": 10**30}, {"index": "0"}], [0, 1, 2]),
        ([{"question": QUESTIONS[0]}] * 4, None),
    ],
)
def test_an_answer_is_laid_where_it_says_it_belongs_and_never_shifted(answers, places):
    assert places_of(answers, QUESTIONS) == places


@pytest.mark.parametrize("response", [[1, None], {"answers": []}, {"a": 1, "responses": [{}], "b": None}])
def test_a_response_taken_apart_goes_together_again(response):
    frame, answers = take_apart(response)
    assert frame.around(answers) == response


@pytest.mark.parametrize("response", [{}, {"answers": {}}, {"result": []}, "answers", 5, None])
def test_what_holds_no_list_is_not_taken_apart(response):
    assert take_apart(response) is None


@pytest.mark.parametrize(
    ("answer", "status", "text", "elapsed_ms", "documents"),
    [
        ({"body": "Да", "docs": [{"id": 1}], "elapsed_ms": 12.6}, "ok", "Да", 13, 1),
        ({"answer": {"text": "Да"}, "sources": ["a", "b"]}, "ok", "Да", None, 2),
        ("Да", "ok", "Да", None, 0),
        (None, "missing", "", None, 0),
        ({"status": "TIMEOUT"}, "timeout", "", None, 0),
        ({"status": 200, "error": {"kind": "http"}}, "error", "", None, 0),
        ({"elapsed_ms": 1e300, "docs": {}}, "ok", "", None, 0),
        ({"elapsed_ms": True, "error": None}, "ok", "", None, 0),
        ({"elapsed_ms": -1}, "ok", "", None, 0),
    ],
)
def test_what_is_known_of_an_answer_is_read_and_the_rest_left_alone(answer, status, text, elapsed_ms, documents):
    reading = read_answer(answer)
    assert (reading.status, reading.text, reading.elapsed_ms) == (status, text, elapsed_ms)
    assert len(reading.documents) == documents
    assert bool(reading.hash) is bool(text)


def test_characters_are_replaced_wherever_they_stand():
    assert cleaned({"a\x00": ["\ud800x", {"b": "🙂"}], "c": 1.5}) == (
        {"a\ufffd": ["\ufffdx", {"b": "🙂"}], "c": 1.5},
        2,
    )


def test_two_keys_do_not_become_one():
    with pytest.raises(Invalid):
        cleaned({"a\x00": 1, "a\ufffd": 2})
