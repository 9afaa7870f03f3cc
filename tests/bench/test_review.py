"""The review page as it is served: what it shows, to whom, and what its forms do."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchsessions.forms.judgement import said_in
from benchsessions.models import Annotation, BenchSession, Flag
from benchsessions.opinions import ask_second_opinion, decide
from benchsessions.queries import analyst_of
from benchsessions.reviewing import read_short, written_short
from benchsessions.sessions import Asked, create_session
from chats.markdown import render
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.factories import BenchSessionFactory

HOSTILE = '<script>alert(1)</script> <img src=x onerror=alert(1)> "><b>'


@pytest.fixture
def session(cast: Cast):
    with tenant_scope(cast.team.id):
        owner = analyst_of(cast.owner)
    return BenchSessionFactory(owner=owner, team=cast.team)


def make(cast: Cast, count: int = 3, **fields):
    with tenant_scope(cast.team.id):
        questions = [Asked({"body": f"Вопрос {n}: сколько стоит перевод?"}) for n in range(count)]
        answers = [{"body": f"Ответ {n}"} for n in range(count)]
        given = {"questions": questions, "response": {"answers": answers}, "environment": "psi", **fields}
        return create_session(owner=analyst_of(cast.owner), api_mode="backend", **given)


def see(sits, who, session, path: str = "", **asked: str):
    return sits(who).get(f"/bench/sessions/{session.id}{path}", asked)


def text_of(response) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", response.content.decode())).split())


def post(sits, who, session, index: int, what: str = "judge", **form):
    return sits(who).post(f"/bench/sessions/{session.id}/items/{index}/{what}", form)


def own(cast: Cast, who, session, index: int = 0):
    with tenant_scope(cast.team.id):
        return Annotation.objects.get(session=session, item__index=index, author=analyst_of(who))


def test_a_session_opens_at_the_first_question_that_is_not_rated(cast, sits, session):
    page = see(sits, cast.teammate, session)
    assert "#2 Где тарифы us?" in text_of(page)
    assert "1/2 rated" in text_of(page)
    assert "accuracy 100 % (n = 1)" in text_of(page)
    assert "Another of us" in text_of(page)
    assert "#1 Как закрыть карту us?" in text_of(see(sits, cast.teammate, session, item="1"))


@pytest.mark.parametrize("item", ["0", "-1", "x", "", "1e9", "９", "01", "99999999999999999999"])
def test_what_is_no_number_of_a_question_leads_to_the_first_unrated(cast, sits, session, item):
    assert "#2 Где тарифы us?" in text_of(see(sits, cast.owner, session, item=item))


def test_a_number_past_the_last_question_is_not_found(cast, sits, session):
    assert see(sits, cast.owner, session, item="3").status_code == 404


def test_what_people_and_services_wrote_is_shown_as_text(cast, sits):
    answer = {
        "body": HOSTILE + " [link](javascript:alert(1)) ![x](https://evil.example/x.png)",
        "docs": [
            {"title": HOSTILE, "url": "javascript:alert(1)", "content": HOSTILE, "score": HOSTILE, "rank": HOSTILE}
        ],
        "classification": {"label": HOSTILE},
        "error": {"message": HOSTILE},
    }
    session = make(
        cast,
        questions=[Asked({"body": HOSTILE}, {"answer": HOSTILE, "documents": [HOSTILE], "tags": [HOSTILE]})],
        response=[answer],
        title=HOSTILE,
        annotations={0: {"overall": {"rating": HOSTILE, "comment": HOSTILE}, "other": {"issues": [HOSTILE[:60]]}}},
    )
    post(sits, cast.owner, session, 0, "flag", comment=HOSTILE)
    for who in (cast.owner, cast.teammate):
        html = see(sits, who, session, item="1").content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "<b>" not in html
        assert 'href="javascript' not in html
        assert '<img src="https://evil' not in html
        assert " style=" not in html


def test_odd_answers_are_shown_and_break_nothing(cast, sits):
    odd = [None, 5, "текст", [], {"body": {"глубже": 1}}, {"docs": "нет"}, {"docs": [None, 5, "т", {"score": True}]}]
    odd += [{"classification": 7, "error": ["x"]}, {"body": "x", "docs": [{"url": "http://[", "title": 5}]}]
    odd += [{"body": "д" * 100_001}]
    references = [{}, {"documents": "x"}, {"documents": [None, 5, {"id": "d-1"}], "tags": ["сбп"]}] + [{}] * 7
    asked = [Asked({"body": f"Вопрос {n}"}, reference) for n, reference in enumerate(references)]
    session = make(cast, questions=asked, response={"answers": odd})
    for number in range(1, len(odd) + 1):
        assert see(sits, cast.owner, session, item=str(number)).status_code == 200
    long = see(sits, cast.owner, session, item="10")
    assert "too long to be formatted" in text_of(long)
    whole = see(sits, cast.owner, session, item="10", whole="1")
    assert "too long to be formatted" not in text_of(whole)
    assert whole.content.decode().count("д") > long.content.decode().count("д")


def test_an_error_is_told_apart_from_a_wrong_answer(cast, sits):
    answers = [
        {"status": "timeout", "error": {"kind": "timeout", "message": "Нет ответа за 120 с"}},
        {"body": "Ответ"},
        None,
    ]
    session = make(cast, response={"answers": answers})
    assert "which is not a wrong answer" in text_of(see(sits, cast.owner, session, item="1"))
    assert "Нет ответа за 120 с" in text_of(see(sits, cast.owner, session, item="1"))
    assert "without this question" in text_of(see(sits, cast.owner, session, item="3"))
    errors = see(sits, cast.owner, session, filter="errors")
    assert re.findall(r'<li data-index="(\d+)"', errors.content.decode()) == ["0", "2"]


def test_answers_that_match_no_questions_are_told_with_the_raw_response(cast, sits):
    session = make(cast, response={"answers": [{"body": "один"}, {"body": "два"}]})
    assert "Nothing was shifted" in text_of(see(sits, cast.owner, session))
    raw = see(sits, cast.owner, session, "/response")
    assert raw.json() == {"answers": [{"body": "один"}, {"body": "два"}]}


def test_the_time_before_is_shown_with_what_was_said_and_what_changed(cast, sits):
    said = {n: {"overall": {"rating": "correct", "comment": "Сверено с тарифами"}} for n in range(3)}
    make(cast, title="Вчера", annotations=said)
    answers = [{"body": "Ответ 0"}, {"body": "Совсем другой ответ"}, {"body": "Ответ 2"}]
    session = make(cast, title="Сегодня", response=answers)
    same, other = (see(sits, cast.owner, session, item=number) for number in "12")
    assert "Сверено с тарифами" in text_of(same)
    assert "The answer is the very same." in text_of(same)
    assert "Carry the verdict over" in text_of(same)
    assert "Carry the verdict over" not in text_of(other)
    assert "<del>" in other.content.decode()
    post(sits, cast.owner, session, 0, version="0", carry="1")
    post(sits, cast.owner, session, 1, version="0", carry="1")
    assert own(cast, cast.owner, session).data == said[0]
    with tenant_scope(cast.team.id):
        assert not Annotation.objects.filter(session=session, item__index=1).exclude(data=None).exists()


def test_the_form_saves_and_leads_to_the_next(cast, sits, session):
    form = {
        "version": "0",
        "rating": "incorrect",
        "comment": "строка\r\nещё",
        "section": ["body_research", "docs_research"],
    }
    form |= {"body_research-issues": ["incomplete"], "docs_research-comment": "не тот документ", "then": "next"}
    saved = post(sits, cast.teammate, session, 0, **form)
    assert (saved.status_code, saved["Location"]) == (303, f"/bench/sessions/{session.id}?item=2")
    assert own(cast, cast.teammate, session).data == {
        "overall": {"rating": "incorrect", "comment": "строка\nещё"},
        "body_research": {"issues": ["incomplete"]},
        "docs_research": {"comment": "не тот документ"},
    }
    shown = see(sits, cast.teammate, session, item="1").content.decode()
    assert 'value="incorrect" data-digit="3" checked' in " ".join(shown.split())


def test_what_the_form_knows_nothing_of_survives_an_edit(cast, sits, session):
    unknown = {
        "overall": {"rating": "почти", "comment": "было", "уверенность": 0.7},
        "body_research": {"issues": ["своё", "incomplete"], "rating": "good", "k": None},
        "my_section": {"anything": [{"goes": None}]},
    }
    with tenant_scope(cast.team.id):
        session = make(cast, annotations={0: unknown})
    page = see(sits, cast.owner, session, item="1").content.decode()
    assert "почти" in page
    assert "своё" in page
    form = {"version": "1", "rating": "почти", "comment": "стало", "then": "stay"}
    form |= {
        "section": ["body_research", "docs_research", "my_section"],
        "body_research-issues": ["incomplete", "своё"],
    }
    assert post(sits, cast.owner, session, 0, **form).status_code == 303
    changed = {**unknown, "overall": {**unknown["overall"], "comment": "стало"}}
    assert own(cast, cast.owner, session).data == changed


def test_an_empty_form_says_nothing(cast, sits, session):
    post(sits, cast.teammate, session, 0, version="0", section=["body_research"])
    with tenant_scope(cast.team.id):
        assert not Annotation.objects.filter(author=analyst_of(cast.teammate)).exists()


def test_what_was_changed_meanwhile_is_shown_beside_what_was_typed(cast, sits, session):
    post(sits, cast.owner, session, 0, version="1", rating="incorrect", comment="первое окно")
    late = post(sits, cast.owner, session, 0, version="1", rating="partially_correct", comment="второе окно")
    assert late.status_code == 412
    assert "второе окно</textarea>" in late.content.decode()
    assert "первое окно" in text_of(late)
    assert 'name="version" value="2"' in late.content.decode()
    assert own(cast, cast.owner, session).data["overall"]["comment"] == "первое окно"


@pytest.mark.parametrize(
    "wrong",
    [
        {"comment": "х" * 4001},
        {"rating": "х" * 65},
        {"section": "BAD", "BAD-comment": "x"},
        {"rating": "\0" + "х" * 65},
    ],
)
def test_what_is_refused_stays_in_the_form(cast, sits, session, wrong):
    refused = post(sits, cast.owner, session, 0, version="1", **{"comment": "останется", **wrong})
    assert refused.status_code == 400
    assert wrong.get("comment", "останется") in refused.content.decode()
    assert own(cast, cast.owner, session).version == 1


def test_a_refused_first_verdict_keeps_its_rating(cast, sits, session):
    refused = post(sits, cast.teammate, session, 0, version="0", rating="incorrect", comment="х" * 4001)
    assert re.findall(r'name="rating"\s+value="(\w*)"[^>]*?checked', refused.content.decode()) == ["incorrect"]


def test_line_ends_that_no_field_of_a_page_has_survive_an_edit(cast, sits):
    said = {"overall": {"rating": "correct", "comment": "\nа\r\nб\rв"}}
    session = make(cast, annotations={0: said})
    assert ">\n\nа" in see(sits, cast.owner, session, item="1").content.decode()  # a parser drops the first of them
    post(sits, cast.owner, session, 0, version="1", rating="incorrect", comment="\r\nа\r\nб\r\nв")
    assert own(cast, cast.owner, session).data == {"overall": {**said["overall"], "rating": "incorrect"}}


def test_earlier_versions_can_be_put_back(cast, sits, session):
    post(sits, cast.owner, session, 0, version="1", rating="incorrect")
    post(sits, cast.owner, session, 0, version="2", revision="1", rating="incorrect")
    back = own(cast, cast.owner, session)
    assert (back.version, back.rating) == (3, "correct")
    post(sits, cast.owner, session, 0, version="3", revision="99")
    assert own(cast, cast.owner, session).version == 3


def test_a_blind_reviewer_learns_nothing_before_they_rated(cast, sits, session):
    with tenant_scope(cast.team.id):
        mate, admin = analyst_of(cast.teammate), analyst_of(cast.admin)
        ask_second_opinion(session_id=session.id, reviewer=mate, by=analyst_of(cast.owner))
        decide(session_id=session.id, index=0, rating="correct", by=admin)
    post(sits, cast.admin, session, 0, "flag", comment="спорный тариф")
    for page in (
        see(sits, cast.teammate, session, item="1"),
        see(sits, cast.teammate, session, "/items/0"),
        see(sits, cast.teammate, session, "/rail", at="0-1"),
    ):
        told = page.content.decode()
        assert "judged by us" not in told
        assert "Decided" not in told
        assert "mark-correct" not in told
        assert "accuracy" not in told
        assert "спорный тариф" not in told
        assert "mark-flagged" not in told
    page = see(sits, cast.teammate, session, item="1", filter="flagged")
    assert "Flagged 0" in text_of(page)
    assert re.findall(r'<li data-index="(\d+)"', page.content.decode()) == []
    post(sits, cast.teammate, session, 1, "flag", comment="своё слово")
    assert "своё слово" in text_of(see(sits, cast.teammate, session, item="2"))
    assert "mark-flagged" in see(sits, cast.teammate, session, "/rail", at="0-1").content.decode()
    assert "judged by us" in text_of(see(sits, cast.owner, session, item="1")) + str(
        own(cast, cast.owner, session).data
    )
    assert "judged by us" in text_of(see(sits, cast.admin, session, item="1"))
    post(sits, cast.teammate, session, 0, version="0", rating="incorrect")
    told = see(sits, cast.teammate, session, item="1")
    assert "judged by us" in text_of(told)
    assert "Decided: Correct" in text_of(told)
    assert "спорный тариф" in text_of(told)


def test_the_rail_gives_what_is_asked_for_and_no_more_than_a_hundred(cast, sits):
    session = make(cast, 150)
    rows = re.findall(
        r'<li data-index="(\d+)"', see(sits, cast.owner, session, "/rail", at="3,5,8-10").content.decode()
    )
    assert rows == ["3", "5", "8", "9", "10"]
    for asked, count in (("0-999999", 100), ("x,,5-3,-1,9999999", 0), ("", 0), ("," * 5000, 0)):
        html = see(sits, cast.owner, session, "/rail", at=asked).content.decode()
        assert html.count("<li data-index") == count
    page = see(sits, cast.owner, session, item="120").content.decode()
    assert re.findall(r'<li data-index="(\d+)"', page) == [str(index) for index in range(100, 150)]


def test_a_stretch_of_the_rail_that_is_not_there_is_its_last(cast, sits, session):
    page = see(sits, cast.owner, session, rail="300").content.decode()
    assert re.findall(r'<li data-index="(\d+)"', page) == ["0", "1"]
    assert "Nothing to show" in text_of(see(sits, cast.owner, session, rail="300", q="нет такого"))


def test_a_question_is_fetched_only_for_whom_the_page_was_drawn(cast, sits, session):
    with tenant_scope(cast.team.id):
        drawn_for = {str(cast.owner): analyst_of(cast.owner), str(cast.teammate): analyst_of(cast.teammate)}
    asked = {name: {"HTTP_X_ANALYST_ID": str(analyst.id)} for name, analyst in drawn_for.items()}
    client, address = sits(cast.owner), f"/bench/sessions/{session.id}/items/0"
    assert client.get(address, **asked[str(cast.owner)]).status_code == 200
    refused = client.get(address, **asked[str(cast.teammate)])
    assert refused.status_code == 409
    assert f"You are signed in as {cast.owner} now." in text_of(refused)


@pytest.mark.parametrize("indexes", [[], [0], [0, 1, 2], [1, 3], [0, 1, 5, 6, 7, 9]])
def test_indexes_are_written_short_and_read_again(indexes):
    assert read_short(written_short(indexes), 100) == indexes


@pytest.mark.parametrize("path", ["/items/00", "/items/٠"])
def test_a_question_has_one_address(cast, sits, session, path):
    assert see(sits, cast.owner, session, "/items/0").status_code == 200
    assert see(sits, cast.owner, session, path).status_code == 404
    assert read_short("00,1-02,٣", 100) == []


@pytest.mark.parametrize(
    ("what", "sent"), [("judge", {"rating": "correct"}), ("judge", {"revision": "1"}), ("flag", {})]
)
def test_a_form_that_was_drawn_for_somebody_else_keeps_nothing(cast, sits, what, sent):
    session = make(cast)
    post(sits, cast.owner, session, 0, "flag", comment="обсудить")
    forms = see(sits, cast.owner, session, item="1").content.decode().split("<form")
    own = [form for form in forms if re.search('action="[^"]*/(judge|flag|resolve)"', form)]
    (drawn_for,) = {re.search('name="viewer" value="(.*?)"', form)[1] for form in own}
    assert len(own) == 3
    form = {"viewer": drawn_for, "version": "0", "comment": "тайна", **sent}
    refused = post(sits, cast.teammate, session, 0, what, **form)
    assert refused.status_code == 409
    assert f"You are signed in as {cast.teammate} now." in text_of(refused)
    assert "тайна" not in text_of(refused)
    with tenant_scope(cast.team.id):
        assert not Annotation.objects.filter(session=session).exists()
        assert Flag.objects.filter(item__session=session).count() == 1
    assert post(sits, cast.owner, session, 0, what, **form).status_code == 303


def test_search_finds_questions_and_goes_through_them(cast, sits):
    asked = [Asked({"body": text}) for text in ("Закрыть КАРТУ", "Тарифы СБП", "Карту потерял")]
    session = make(cast, questions=asked)
    page = see(sits, cast.owner, session, q="карту")
    assert re.findall(r'<li data-index="(\d+)"', page.content.decode()) == ["0", "2"]
    saved = post(sits, cast.owner, session, 0, version="0", rating="correct", q="карту", then="next")
    assert saved["Location"].endswith("?item=3&q=%D0%BA%D0%B0%D1%80%D1%82%D1%83")
    assert "Nothing to show" in text_of(see(sits, cast.owner, session, q="\0нет такого"))


def heavy(queries) -> list[str]:
    """Return the queries that read what was sent or answered of more than the one question on the page."""
    return [query["sql"] for query in queries if re.search(r'"benchsessions_item"\."(answer|request)"', query["sql"])]


def test_a_thousand_questions_take_as_many_queries_as_ten(cast, sits):
    counts, loads = [], []
    for count in (10, 1000):
        session = make(cast, count, questions=[Asked({"body": f"{n} из {count}"}) for n in range(count)])
        client = sits(cast.owner)
        address = f"/bench/sessions/{session.id}"
        client.get(f"{address}?item=3")
        for path in ("?item=3", "?item=3&filter=unrated", "/items/2", "/rail?at=0-9"):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert client.get(address + path).status_code == 200
            counts.append((path, len(seen)))
            loads.append((path, len(heavy(seen.captured_queries))))
    assert counts[:4] == counts[4:]
    assert dict(loads) == {"?item=3": 1, "?item=3&filter=unrated": 1, "/items/2": 1, "/rail?at=0-9": 0}


def test_a_session_without_questions_says_so(cast, sits):
    session = make(cast, questions=[], response=None)
    page = see(sits, cast.owner, session)
    assert page.status_code == 200
    assert "No questions" in text_of(page)


def test_questions_still_to_be_asked_say_so(cast, sits):
    session = make(cast, response=None)
    assert "Not asked yet" in text_of(see(sits, cast.owner, session))
    with tenant_scope(cast.team.id):
        assert BenchSession.objects.get(id=session.id).n_rated == 0


def test_the_script_and_the_form_write_the_same(settings):
    """The script's half stands in static/js/bench/judgement.js; tests/browser/test_bench_saving.py compares both."""
    from django.http import QueryDict

    form = QueryDict("rating=&comment=&section=body_research&body_research-issues=b&body_research-issues=a")
    standing = {"overall": {"rating": "correct", "x": 1}, "body_research": {"issues": ["a", "b"]}}
    assert said_in(form, standing) == {"overall": {"rating": None, "x": 1}, "body_research": {"issues": ["a", "b"]}}
    assert said_in(form, None) == {"body_research": {"issues": ["b", "a"]}}
    assert standing["overall"]["rating"] == "correct"


def test_an_answer_is_compared_with_the_one_before_without_rendering_them(cast, sits, monkeypatch):
    rendered = []
    monkeypatch.setattr("benchsessions.shown.render", lambda text: (rendered.append(text), render(text))[1])
    for body in ("Было **так**", "Стало **так**"):
        made = make(cast, count=1, response=[{"body": body}])
    assert "How the answers differ Было Стало **так**" in text_of(see(sits, cast.owner, made))
    assert rendered == ["Стало **так**"]
