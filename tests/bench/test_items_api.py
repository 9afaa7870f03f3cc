"""Sessions, questions and verdicts over HTTP: for people and their keys."""

import json

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from benchsessions.exceptions import VersionRequired
from benchsessions.opinions import ask_second_opinion
from benchsessions.queries import analyst_of
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.factories import BenchSessionFactory
from tests.keys import new_key

RATED = {"overall": {"rating": "incorrect", "comment": "нет пункта 3.2"}}


@pytest.fixture
def session(cast: Cast):
    with tenant_scope(cast.team.id):
        owner = analyst_of(cast.owner)
    return BenchSessionFactory(owner=owner, team=cast.team)


@pytest.fixture
def call(cast: Cast, client_of, session):
    """Call the API about the session as somebody of the cast."""
    clients: dict[str, Client] = {}

    def call(who: str, method: str, path: str = "", body=None, **headers: str):
        client = clients.setdefault(who, client_of(getattr(cast, who)))
        sent = "" if body is None else json.dumps(body)
        address = f"/api/bench/sessions/{session.id}{path}"
        return client.generic(method, address, sent, "application/json", headers=headers)

    return call


def judge(call, who: str, data, version: str | None = '"0"', index: int = 0):
    headers = {} if version is None else {"if-match": version}
    return call(who, "PUT", f"/items/{index}/annotation", {"data": data}, **headers)


def test_whoever_judges_says_which_version_they_change(call):
    refused = judge(call, "teammate", RATED, version=None)
    assert (refused.status_code, refused.json()["error_code"]) == (428, "VERSION_REQUIRED")
    kept = judge(call, "teammate", RATED)
    assert (kept.status_code, kept["ETag"], kept.json()["version"], kept.json()["rating"]) == (
        200,
        '"1"',
        1,
        "incorrect",
    )
    again = judge(call, "teammate", RATED, version='"1"')
    assert again.json()["version"] == 1  # the same once more is no change
    assert judge(call, "teammate", {"overall": {"rating": "correct"}}, version="*").json()["version"] == 2


@pytest.mark.parametrize("stale", ['"0"', '"01"', 'W/"1"', '"7"', "1", '"1", "0"', '"99999999999999999999"', "ё"])
def test_a_stale_version_is_answered_with_what_stands(call, stale):
    judge(call, "teammate", RATED)
    late = judge(call, "teammate", {"overall": {"rating": "correct"}}, version=stale)
    assert late.status_code == 412
    told = late.json()
    assert (told["error_code"], told["version"], told["current"]) == ("VERSION_MISMATCH", 1, RATED)
    assert late["ETag"] == '"1"'
    assert call("teammate", "GET", "/items/0/annotation").json()["data"] == RATED


def test_what_somebody_takes_back_grows_their_version(call):
    judge(call, "teammate", RATED)
    gone = call("teammate", "DELETE", "/items/0/annotation", **{"if-match": '"1"'})
    assert (gone.status_code, gone["ETag"]) == (204, '"2"')
    shown = call("teammate", "GET", "/items/0/annotation").json()
    assert (shown["data"], shown["rating"], shown["version"]) == (None, None, 2)
    assert judge(call, "teammate", RATED, version='"0"').status_code == 412


def test_each_keeps_their_own_word_and_the_latest_counts(call):
    judge(call, "teammate", RATED)
    shown = call("owner", "GET", "/items/0").json()
    assert shown["annotation"]["rating"] == "correct"
    assert [one["data"] for one in shown["annotations"]] == [RATED]
    assert (shown["verdict"], shown["is_disputed"]) == ("incorrect", True)
    assert shown["answer"] == {"body": "Answer of us"}
    assert shown["request"] == {"body": "Как закрыть карту us?", "with_docs": True}


def test_whoever_is_asked_for_a_second_opinion_sees_nothing_before_they_gave_it(call, cast, session):
    with tenant_scope(cast.team.id):
        mate = analyst_of(cast.teammate)
        ask_second_opinion(session_id=session.id, reviewer=mate, by=analyst_of(cast.owner))
    judge(call, "admin", {"overall": {"rating": "incorrect", "comment": "тайна"}})
    flag = call("admin", "POST", "/items/0/flags", {"comment": "тайна: не тот тариф"}).json()
    for path in ("/items", "/items?filter=disputed", "/items/0", "/items/0/annotation", "/items?filter=flagged"):
        told = call("teammate", "GET", path).content.decode()
        assert "тайна" not in told
        assert '"incorrect"' not in told
        assert '"is_disputed":true' not in told
        assert '"is_flagged":true' not in told
    assert call("teammate", "GET", "/items?filter=flagged").json()["items"] == []
    assert call("teammate", "POST", f"/flags/{flag['id']}/resolve", {}).status_code == 404
    assert [row["index"] for row in call("teammate", "GET", "/items?filter=unrated").json()["items"]] == [0, 1]
    judge(call, "teammate", {"overall": {"rating": "correct"}})
    assert "тайна" in call("teammate", "GET", "/items/0").content.decode()
    assert [row["index"] for row in call("teammate", "GET", "/items?filter=unrated").json()["items"]] == [1]


def test_whoever_is_asked_for_a_second_opinion_learns_no_count_of_the_session(call, cast, session, client_of):
    judge(call, "admin", {"overall": {"rating": "incorrect"}}, index=1)
    call("admin", "POST", "/items/0/flags", {})
    counts = ["n_rated", "n_correct", "n_partly", "n_incorrect", "n_not_applicable", "n_flagged"]

    def told(who: str) -> list[list[int | None]]:
        listed = client_of(getattr(cast, who)).get("/api/bench/sessions").json()["sessions"]
        return [[shown[name] for name in counts] for shown in (call(who, "GET").json(), *listed)]

    assert told("teammate") == [[2, 1, 0, 1, 0, 1]] * 2
    with tenant_scope(cast.team.id):
        mate = analyst_of(cast.teammate)
        ask_second_opinion(session_id=session.id, reviewer=mate, by=analyst_of(cast.owner))
    assert told("teammate") == [[None] * 6] * 2
    assert told("owner") == [[2, 1, 0, 1, 0, 1]] * 2
    assert call("teammate", "GET").json()["n_answered"] == 2


def test_merging_changes_named_sections_and_leaves_the_rest(call, session):
    unknown = {"overall": {"rating": "correct", "уверенность": 0.7}, "my_section": {"x": [None]}}
    judge(call, "owner", unknown, version="*")
    version = call("owner", "GET").json()["version"]
    sent = {"annotations": {"0": {"body_research": {"issues": ["incomplete"]}}, "1": RATED}}
    assert call("owner", "PATCH", "/annotations", sent).status_code == 428
    merged = call("owner", "PATCH", "/annotations", sent, **{"if-match": f'"{version}"'})
    assert merged.status_code == 200
    told = merged.json()
    assert (told["changed"], told["cleared"], told["version"]) == (2, 0, version + 1)
    assert merged["ETag"] == f'"{version + 1}"'
    kept = call("owner", "GET", "/items/0/annotation").json()["data"]
    assert kept == {**unknown, "body_research": {"issues": ["incomplete"]}}
    assert call("owner", "PATCH", "/annotations", sent, **{"if-match": f'"{version}"'}).status_code == 412
    cleared = call(
        "owner", "PATCH", "/annotations", {"annotations": {"0": {"overall": None}, "1": None}}, **{"if-match": "*"}
    )
    assert (cleared.json()["changed"], cleared.json()["cleared"]) == (1, 1)
    kept = call("owner", "GET", "/items/0/annotation").json()["data"]
    assert kept == {"my_section": {"x": [None]}, "body_research": {"issues": ["incomplete"]}}
    assert call("owner", "GET").json()["n_rated"] == 0


@pytest.mark.parametrize(
    "sent",
    [[], "x", {"0": 5}, {"0": []}, {"07": {}}, {"2": {}}, {"-1": None}, {"0": {"Overall": {}}}, {"0": {"overall": 1}}],
)
def test_bad_merges_are_refused_with_the_place(call, sent):
    refused = call("owner", "PATCH", "/annotations", {"annotations": sent}, **{"if-match": "*"})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "VALIDATION_ERROR")
    assert all(path.startswith("annotations") for path in refused.json()["errors"])
    assert call("owner", "GET", "/items/0/annotation").json()["version"] == 1


@pytest.mark.parametrize(
    "data", [5, [], "x", {"overall": {"rating": 5}}, {"overall": {"comment": "x" * 4001}}, {"X": {}}]
)
def test_bad_annotations_are_refused(call, data):
    assert judge(call, "owner", data, version="*").status_code == 400
    assert call("owner", "PUT", "/items/0/annotation", {}, **{"if-match": "*"}).status_code == 400


@pytest.mark.parametrize("index", ["2", "999999999", "99999999999999999999999"])
def test_a_question_that_is_not_there_is_not_found(call, index):
    assert call("owner", "GET", f"/items/{index}").status_code == 404
    assert judge(call, "owner", RATED, index=index).status_code == 404
    assert call("owner", "POST", f"/items/{index}/flags", {}).status_code == 404


def test_flags_are_raised_and_resolved(call):
    raised = call("teammate", "POST", "/items/1/flags", {"comment": "Спросить методолога"})
    assert raised.status_code == 201
    assert call("owner", "GET").json()["n_flagged"] == 1
    assert [row["index"] for row in call("owner", "GET", "/items?filter=flagged").json()["items"]] == [1]
    resolved = call("owner", "POST", f"/flags/{raised.json()['id']}/resolve", {})
    assert resolved.json()["resolved_at"]
    assert call("owner", "GET").json()["n_flagged"] == 0
    assert [flag["comment"] for flag in call("owner", "GET", "/items/1").json()["flags"]] == ["Спросить методолога"]
    again = call("admin", "POST", f"/flags/{raised.json()['id']}/resolve", {})
    assert again.json()["resolved_at"] == resolved.json()["resolved_at"]
    assert call("owner", "GET").json()["n_flagged"] == 0


def test_questions_come_a_page_at_a_time(call):
    first = call("owner", "GET", "/items?limit=1").json()
    assert ([row["index"] for row in first["items"]], first["next_after"]) == ([0], 0)
    second = call("owner", "GET", "/items?limit=1&after=0").json()
    assert ([row["index"] for row in second["items"]], second["next_after"]) == ([1], None)
    found = call("owner", "GET", "/items?search=тариф").json()["items"]  # however it is spelled
    assert [row["index"] for row in found] == [1]
    for bad in ("filter=nonsense", "after=x", "limit=0", "limit=201"):
        assert call("owner", "GET", f"/items?{bad}").status_code == 400


def test_refusals_speak_the_callers_language(call, cast):
    spoken = {}
    for language in ("ru", "en"):
        with tenant_scope(cast.team.id):
            cast.owner.preferences = {"language": language}
            cast.owner.save()
        refused = call("owner", "PUT", "/items/0/annotation", {"data": None}, **{"accept-language": "en"})
        spoken[language] = refused.json()["detail"]
    for language, sentence in spoken.items():
        with translation.override(language):
            assert sentence == gettext(VersionRequired.sentence)


def test_nobody_of_another_team_reads_or_writes(call):
    for method, path in (("GET", ""), ("GET", "/items"), ("GET", "/items/0"), ("GET", "/items/0/annotation")):
        assert call("outsider", method, path).status_code == 404
    assert judge(call, "outsider", RATED, version="*").status_code == 404
    sent = {"annotations": {"0": RATED}}
    assert call("outsider", "PATCH", "/annotations", sent, **{"if-match": "*"}).status_code == 404
    assert call("outsider", "POST", "/items/0/flags", {"comment": "x"}).status_code == 404
    untouched = call("owner", "GET", "/items/0").json()
    assert (untouched["annotation"]["version"], untouched["annotations"], untouched["flags"]) == (1, [], [])


def test_a_deleted_session_is_gone(call, session, cast):
    with tenant_scope(cast.team.id):
        type(session).objects.filter(id=session.id).update(deleted_at=session.created_at)
    assert call("owner", "GET").status_code == 404
    assert call("owner", "GET", "/items/0").status_code == 404
    assert judge(call, "owner", RATED, version="*").status_code == 404


def test_a_persons_key_opens_it_with_the_scope_alone(cast, session):
    address = f"/api/bench/sessions/{session.id}"
    for scopes, status in ((["bench"], 200), (["chats:read"], 403)):
        _, text = new_key(cast.owner, scopes)
        assert Client().get(address, headers={"authorization": f"Bearer {text}"}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("PUT", "/items/0/annotation", {"data": RATED}),
        ("DELETE", "/items/0/annotation", None),
        ("PATCH", "/annotations", {"annotations": {"0": RATED}}),
        ("POST", "/items/0/flags", {"comment": "?"}),
        ("PUT", "/items/0/decision", {"rating": "correct"}),
    ],
)
def test_what_a_page_sends_is_refused_from_anybody_but_whom_it_was_drawn_for(call, cast, method, path, sent):
    with tenant_scope(cast.team.id):
        admin, owner = (str(analyst_of(one).id) for one in (cast.admin, cast.owner))
    before = call("admin", "GET", "/items/0").json()
    for drawn_for in (owner, "", "x"):
        refused = call("admin", method, path, sent, **{"if-match": "*", "x-analyst-id": drawn_for})
        assert (refused.status_code, refused.json()["error_code"]) == (409, "BENCH_SIGNED_IN_AS_ANOTHER")
        assert f"You are signed in as {cast.admin} now." in refused.json()["detail"]
    assert call("admin", "GET", "/items/0").json() == before
    assert call("admin", method, path, sent, **{"if-match": "*", "x-analyst-id": admin}).status_code < 300


@pytest.mark.parametrize("index", ["00", "٠", "0000001", "1000000"])
def test_an_index_has_one_spelling(call, index):
    assert call("owner", "GET", "/items/0").status_code == 200
    assert call("owner", "GET", f"/items/{index}").status_code == 404


@pytest.mark.parametrize("query", ["limit=٣", "limit=1.0", "limit=1_0", "after=²"])
def test_numbers_of_an_address_are_ascii_digits(call, query):
    assert call("owner", "GET", "/items?after=-1&limit=3").status_code == 200
    refused = call("owner", "GET", f"/items?{query}")
    assert (refused.status_code, [*refused.json()["errors"]]) == (400, [query.partition("=")[0]])


def test_nobody_is_told_of_methods_but_by_the_description(call):
    assert [call("owner", "OPTIONS", path).status_code for path in ("", "/items/0/annotation", "/items/0/flags")] == [
        405
    ] * 3
