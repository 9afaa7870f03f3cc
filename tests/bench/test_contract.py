"""The bench contract, call by call: what it answers, what it keeps, what it refuses and where it says the fault is."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import AuditEntry
from benchsessions.annotating import save_annotation
from benchsessions.api.contract.serializers import AnalystLoginSerializer
from benchsessions.flagging import raise_flag
from benchsessions.models import Analyst, Annotation, BenchRun, BenchSession, EnvironmentSettings, RunState
from benchsessions.opinions import decide
from benchsessions.queries import analyst_of
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.bench.calling import ANSWERS, REQUEST, SAID, SESSION, BackEnd, back_end_of
from tests.factories import AnalystFactory
from tests.keys import new_key

OWN_FIELDS = {"session_id", "user_id", "environment", "api_mode", "request", "response", "annotations"}
TOKEN = "secret-token-of-the-analyst"


@pytest.fixture
def bench(cast: Any) -> BackEnd:
    return back_end_of(cast.team)


@pytest.fixture
def user(bench: BackEnd) -> str:
    return bench.login()


def refused(answer: Any, status: int, *paths: str) -> dict[str, Any]:
    """Hold an answer to be a refusal in the common format that names these paths."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json"), answer.content[:300]
    assert {"detail", "error_code"} <= body.keys()
    assert set(paths) <= set(body.get("errors", {})), body
    return body


def recorded(team: Any, action: str) -> list[AuditEntry]:
    with tenant_scope(team.id):
        return list(AuditEntry.objects.filter(action=action))


# Signing in


def test_the_first_login_makes_the_user_and_the_next_finds_them(bench):
    first = bench.send("POST", "login", {"login": "00123456", "client_ip": "192.168.1.100"}).json()
    second = bench.send("POST", "login", {"login": "00123456"}).json()
    assert first.keys() == {"user_id", "login", "last_login_at", "created_at"}
    assert (first["user_id"], first["login"], first["created_at"]) == (
        second["user_id"],
        "00123456",
        second["created_at"],
    )
    assert first["last_login_at"] < second["last_login_at"]
    assert all(first[name].endswith("Z") and parse_datetime(first[name]) for name in ("created_at", "last_login_at"))


@pytest.mark.parametrize("client_ip", ["", None, 5, {"v4": "192.168.1.100"}])
def test_whatever_is_said_of_an_address_is_taken_and_described_so(bench, client_ip):
    sent = {"login": "00123456", "client_ip": client_ip}
    assert bench.send("POST", "login", sent).status_code == 200
    assert AnalystLoginSerializer(data=sent).is_valid()


@pytest.mark.parametrize(
    "login",
    [
        "1234567",
        "123456789",
        "１２３４５６７８",
        "12345678\n",
        " 12345678",
        "1234567a",
        "",
        12345678,
        None,
        ["12345678"],
    ],
)
def test_a_login_that_is_not_eight_ascii_digits_is_refused(cast, bench, login):
    refused(bench.send("POST", "login", {"login": login}), 400, "login")
    with tenant_scope(cast.team.id):
        assert not Analyst.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_first_logins_at_once_make_one_user(cast):
    bench = back_end_of(cast.team)
    assert len(set(at_once(6, lambda _number: BackEnd(bench.headers).login("87654321")))) == 1


# Who gets in


def test_only_a_key_of_the_team_with_the_scope_gets_in(cast, bench, user):
    path = f"{user}/settings"
    assert BackEnd({}).get(path).status_code == 401
    assert BackEnd({"X-API-Key": new_key(cast.admin)[1]}).get(path).status_code == 403
    assert BackEnd({"X-API-Key": new_key(cast.team, ["users:sync"])[1]}).get(path).status_code == 403
    assert bench.get(path).status_code == 200


def test_a_key_of_another_team_finds_neither_the_user_nor_the_session(cast, bench, user):
    made = bench.keep(user)["session_id"]
    other = back_end_of(cast.other_team)
    theirs = other.login()
    paths = [f"{user}/settings", f"{user}/sessions", f"{user}/sessions/{made}", f"{theirs}/sessions/{made}"]
    for path in paths:
        absent = path.replace(user, str(uuid4())).replace(made, str(uuid4()))
        assert other.get(path).json() == other.get(absent).json()
        assert other.get(path).status_code == 404
    assert other.send("PUT", paths[2], {"annotations": {}}).status_code == 404
    assert other.send("DELETE", paths[3]).status_code == 404
    assert bench.get(f"{user}/sessions/{made}").status_code == 200


def test_a_session_is_reached_by_its_own_user_alone(bench, user):
    made = bench.keep(user)
    path = f"{bench.login('11111111')}/sessions/{made['session_id']}"
    for method, body in (("GET", None), ("PUT", {"annotations": {}}), ("DELETE", None)):
        refused(bench.send(method, path, body), 404)
    assert bench.get(f"{user}/sessions/{made['session_id']}").json()["annotations"] == SAID


# Settings


def test_settings_begin_with_defaults_for_all_three_environments(bench, user):
    body = bench.get(f"{user}/settings").json()
    assert body["user_id"] == user
    assert body["updated_at"].endswith("Z")
    texts = ("bearerToken", "systemPlatform", "systemPlatformUser", "platformUserId", "platformId")
    wanted = {**dict.fromkeys(texts, ""), "apiMode": "bench", "withClassify": False, "resetSessionMode": True}
    assert body["settings"] == dict.fromkeys(("ift", "psi", "prod"), wanted)


def test_an_environment_is_replaced_but_its_token_stays_until_another_is_sent(cast, bench, user):
    path = f"{user}/settings"
    sent = {"apiMode": "backend", "bearerToken": TOKEN, "platformId": "п-1", "мой ключ": {"вложено": [None, 1.5]}}
    first = bench.send("PUT", path, {"settings": {"psi": sent}}).json()
    assert sent.items() <= first["settings"]["psi"].items()
    assert first["settings"]["ift"]["bearerToken"] == ""
    second = bench.send("PUT", path, {"settings": {"psi": {"withClassify": True}}}).json()["settings"]["psi"]
    assert (second["bearerToken"], second["withClassify"], second["platformId"]) == (TOKEN, True, "")
    assert "мой ключ" not in second
    for odd in ("a\r\nb", "ключ", "Bearer abc"):  # what no header carries is told by the run, not to the client
        kept = bench.send("PUT", path, {"settings": {"psi": {"bearerToken": odd}}}).json()["settings"]
        assert kept["psi"]["bearerToken"] == odd
    third = bench.send("PUT", path, {"settings": {"psi": {"bearerToken": ""}, "ift": {}}}).json()["settings"]
    assert third["psi"]["bearerToken"] == ""
    assert third == bench.get(path).json()["settings"]
    with tenant_scope(cast.team.id):
        assert not EnvironmentSettings.objects.exclude(sealed_bearer_token="").exists()


def test_a_token_is_sealed_and_each_reading_of_one_is_recorded_without_it(cast, bench, user):
    bench.send("PUT", f"{user}/settings", {"settings": {"psi": {"bearerToken": TOKEN}}})
    bench.get(f"{user}/settings")
    with tenant_scope(cast.team.id):
        [row] = EnvironmentSettings.objects.all()
    assert TOKEN not in json.dumps([row.values, row.sealed_bearer_token])
    entries = [*recorded(cast.team, "bench.token_set"), *recorded(cast.team, "bench.token_read")]
    assert len(entries) == 3
    assert {entry.details["environments"][0] for entry in entries} == {"psi"}
    assert not any(TOKEN in str(vars(entry)) for entry in entries)


def test_an_empty_token_clears_one_that_cannot_be_read(cast, bench, user):
    path = f"{user}/settings"
    bench.send("PUT", path, {"settings": {"psi": {"bearerToken": TOKEN}}})
    with tenant_scope(cast.team.id):
        EnvironmentSettings.objects.update(sealed_bearer_token="of a key that is lost")
        assert bench.send("PUT", path, {"settings": {"psi": {"bearerToken": ""}}}).status_code == 200
        assert EnvironmentSettings.objects.get().sealed_bearer_token == ""


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        (None, "settings"),
        ([], "settings"),
        ({"dev": {}}, "settings.dev"),
        ({"psi": None}, "settings.psi"),
        ({"psi": {"apiMode": "both"}}, "settings.psi.apiMode"),
        ({"psi": {"apiMode": None}}, "settings.psi.apiMode"),
        ({"prod": {"withClassify": "true"}}, "settings.prod.withClassify"),
        ({"prod": {"resetSessionMode": 1}}, "settings.prod.resetSessionMode"),
        ({"ift": {"bearerToken": 5}}, "settings.ift.bearerToken"),
        ({"ift": {"platformId": "a\x00b"}}, "settings.ift.platformId"),
        ({"ift": {"other": "x" * 17_000}}, "settings.ift"),
    ],
)
def test_bad_settings_are_refused_with_their_path_and_nothing_is_kept(cast, bench, user, settings, path):
    if isinstance(settings, dict):
        settings = {"psi": {"systemPlatform": "good"}, **settings}
    refused(bench.send("PUT", f"{user}/settings", {"settings": settings}), 400, path)
    with tenant_scope(cast.team.id):
        assert not EnvironmentSettings.objects.exists()


def test_keys_beside_the_settings_are_ignored_and_listed(bench, user):
    answer = bench.send("PUT", f"{user}/settings", {"settings": {}, "setings": {}, "env": "psi"})
    assert (answer.status_code, answer.json()["warnings"]) == (200, ["env", "setings"])


# Sessions, whole


def test_what_was_sent_comes_back_equal_with_keys_that_nobody_knows(bench, user):
    made = bench.send("POST", f"{user}/sessions", SESSION)
    body = made.json()
    assert made.status_code == 201
    assert SESSION.items() <= body.items()
    assert OWN_FIELDS | {"created_at", "updated_at", "annotations_meta", "version"} <= body.keys()
    assert (body["user_id"], made["ETag"]) == (user, f'"{body["version"]}"')
    got = bench.get(f"{user}/sessions/{body['session_id']}")
    assert SESSION.items() <= got.json().items()
    assert got["ETag"] == made["ETag"]
    meta = got.json()["annotations_meta"]
    assert meta["replaced_characters"] == 0
    assert {name: meta["1"][name] for name in ("version", "status", "by", "kind", "reviews")} == {
        "version": 1,
        "status": "done",
        "by": "00123456",
        "kind": "human",
        "reviews": 1,
    }


@pytest.mark.parametrize(
    "response",
    [
        ANSWERS,
        {"responses": ANSWERS, "responses_count": 2},
        {"answers": ANSWERS[:1]},
        {"answers": [*ANSWERS, ANSWERS[0]]},
        {"answers": [{**ANSWERS[1], "index": 1}, {**ANSWERS[0], "index": 0}], "порядок": "обратный"},
        {"answers": [{"index": 1, "body": "только второй"}]},
        {"answers": [{"question": REQUEST[1], "body": "б"}, {"question": REQUEST[0]["body"], "body": "а"}]},
        {"answers": [{"index": 0}, {"index": 0}]},
        {"answers": ["просто текст", 5]},
        {"answers": [None, None]},
        {"answers": []},
        {"result": {"items": ANSWERS}},
        [None],
        [],
        {},
    ],
)
def test_a_response_of_any_shape_comes_back_as_it_was_sent_and_may_be_judged(bench, user, response):
    made = bench.keep(user, response=response)
    again = bench.get(f"{user}/sessions/{made['session_id']}").json()
    assert made["response"] == again["response"] == response
    assert again["annotations"] == SAID


def test_answers_that_do_not_match_the_questions_mark_the_session(bench, user):
    matching = bench.keep(user)
    short = bench.keep(user, response={"answers": ANSWERS[:1]})
    assert (matching["misaligned"], short["misaligned"]) == (False, True)
    assert (matching["n_answered"], short["n_answered"]) == (2, 0)


def test_each_question_is_in_one_of_the_counts(bench, user):
    made = bench.keep(user, response={"answers": [{"status": "skipped"}, {"body": "да"}]})
    assert [made[name] for name in ("n_questions", "n_answered", "n_failed", "n_skipped")] == [2, 1, 0, 1]
    [listed] = bench.get(f"{user}/sessions").json()["sessions"]
    assert listed["n_skipped"] == 1


def test_a_session_without_answers_or_judgements_is_kept(bench, user):
    body = bench.send(
        "POST",
        f"{user}/sessions",
        {"environment": "ift", "api_mode": "backend", "request": [{"body": "Где банкомат?"}]},
    ).json()
    assert (body["response"], body["annotations"]) == (None, {})
    assert body["request"] == [{"body": "Где банкомат?"}]


def test_unknown_keys_are_ignored_and_listed(bench, user):
    made = bench.keep(user, anotations={}, title="x")
    assert made["warnings"] == ["anotations", "title"]
    answer = bench.send("PUT", f"{user}/sessions/{made['session_id']}", {"anotations": {}, "environment": "prod"})
    assert answer.json()["warnings"] == ["anotations", "environment"]
    assert answer.json()["environment"] == "psi"


def test_issues_named_twice_are_kept_once_and_the_client_is_told(bench, user):
    doubled = {"1": {"overall": {"rating": "correct"}, "body_research": {"issues": ["x", "y", "x"]}}}
    wanted = ["annotations.1.body_research.issues: doubles were left out"]
    made = bench.keep(user, annotations=doubled)
    assert (made["warnings"], made["annotations"]["1"]["body_research"]["issues"]) == (wanted, ["x", "y"])
    path = f"{user}/sessions/{made['session_id']}"
    assert bench.send("PUT", path, {"annotations": doubled}).json()["warnings"] == wanted
    assert bench.send("PUT", path, {"annotations": made["annotations"]}).json()["warnings"] == []


def test_a_session_is_never_left_without_questions(bench, user):
    made = bench.keep(user, response=None, annotations=None)
    refused(bench.send("PUT", f"{user}/sessions/{made['session_id']}", {"request": []}), 400, "request")
    assert bench.get(f"{user}/sessions/{made['session_id']}").json()["n_questions"] == 2


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"environment": "dev", "api_mode": None}, ["environment", "api_mode"]),
        ({"environment": ["psi"]}, ["environment"]),
        ({"request": None}, ["request"]),
        ({"request": {}}, ["request"]),
        ({"request": []}, ["request"]),
        ({"request": [*REQUEST, "Как?"]}, ["request.2"]),
        (
            {"request": [REQUEST[0], {"body": ""}, {"body": 5, "with_docs": 1}]},
            ["request.1.body", "request.2.with_docs"],
        ),
        ({"request": [{"body": "ы" * 8001}]}, ["request.0.body"]),
        ({"request": [{"body": "a\x00b"}], "response": None}, ["request.0.body"]),
        ({"response": "answers"}, ["response"]),
        ({"response": 5}, ["response"]),
        ({"response": {"answers": [{"body": "x" * 262_144}]}}, ["response.answers.0"]),
        ({"response": [{"docs": [{}] * 51}]}, ["response.0.docs"]),
        ({"response": {"answers": [{"docs": [{}, {"content": "ы" * 20_001}]}]}}, ["response.answers.0.docs.1.content"]),
        ({"annotations": []}, ["annotations"]),
        ({"annotations": {"07": {}}}, ["annotations.07"]),
        ({"annotations": {"-1": {}, "٣": {}, "2": {}}}, ["annotations.-1", "annotations.٣", "annotations.2"]),
        ({"annotations": {"0": {"overall": {"rating": 5}}}}, ["annotations.0.overall.rating"]),
        ({"annotations": {"0": {"overall": []}}}, ["annotations.0.overall"]),
        ({"annotations": {"1": {"Overall": {}}}}, ["annotations.1.Overall"]),
        ({"annotations": {"1": {"body_research": {"issues": ["x" * 65]}}}}, ["annotations.1.body_research.issues"]),
        ({"annotations": {"1": {"overall": {"comment": "ы" * 4001}}}}, ["annotations.1.overall.comment"]),
        ({"annotations": {"1": {"overall": {"comment": "a\ud800"}}}}, ["annotations.1.overall.comment"]),
        ({"annotations": {"1": {"overall": {"a": [[[[[[[1]]]]]]]}}}}, ["annotations.1"]),
    ],
)
def test_a_bad_session_is_refused_with_the_path_of_each_fault(cast, bench, user, fields, paths):
    refused(bench.send("POST", f"{user}/sessions", {**SESSION, **fields}), 400, *paths)
    with tenant_scope(cast.team.id):
        assert not BenchSession.objects.exists()


BAD_BODIES = {
    "no JSON": b"{",
    "no object": b"[]",
    "not UTF-8": b'{"environment": "\xff"}',
    "an infinite number": b'{"response": {"answers": [1e400]}}',
    "NaN": b'{"response": [NaN]}',
    "depth": b'{"response": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "depth of objects": b'{"response": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    "a key twice": b'{"environment": "psi", "environment": "ift"}',
    "a key twice, deep": b'{"annotations": {"0": {"overall": {"rating": "a", "rating": "b"}}}}',
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_json_that_nobody_could_keep_is_400(bench, user, name):
    made = bench.keep(user)["session_id"]
    for method, path in (("POST", f"{user}/sessions"), ("PUT", f"{user}/sessions/{made}"), ("PUT", f"{user}/settings")):
        refused(bench.send(method, path, BAD_BODIES[name]), 400)


@pytest.mark.parametrize("key", ["\\ud800", "a\\u0000b"])
def test_a_key_that_nobody_could_keep_is_400_and_nothing_is_done(cast, bench, user, key):
    made = bench.keep(user)
    beside = f', "{key}": 1}}'.encode()
    for method, path, body in (
        ("POST", f"{user}/sessions", SESSION),
        ("PUT", f"{user}/sessions/{made['session_id']}", {"annotations": {}}),
        ("PUT", f"{user}/settings", {"settings": {}}),
        ("POST", "login", {"login": "87654321"}),
    ):
        refused(bench.send(method, path, json.dumps(body).encode()[:-1] + beside), 400)
    assert bench.get(f"{user}/sessions").json()["total"] == 1
    assert bench.get(f"{user}/sessions/{made['session_id']}").json()["annotations"] == SAID


MANY_FAULTS = {
    "characters": ("sessions", {**SESSION, "request": [{"body": "Как?", "x": ["\x00"] * 500}]}),
    "keys": ("sessions", {**SESSION, **{f"\x00{n}": 1 for n in range(500)}}),
    "questions": ("sessions", {**SESSION, "request": [5] * 500}),
    "answers": ("sessions", {**SESSION, "response": [{"docs": [{"content": "ы" * 20_001}] * 5}] * 50}),
    "indexes": ("sessions", {**SESSION, "annotations": {f"x{n}" * 200: {} for n in range(500)}}),
    "sections": ("sessions", {**SESSION, "annotations": {"0": {f"X{n}": {} for n in range(500)}}}),
    "environments": ("settings", {"settings": {f"x{n}": {} for n in range(500)}}),
}


@pytest.mark.parametrize("name", MANY_FAULTS)
def test_a_refusal_tells_a_hundred_faults_at_most(bench, user, name):
    where, body = MANY_FAULTS[name]
    answer = bench.send("POST" if where == "sessions" else "PUT", f"{user}/{where}", body)
    assert 0 < len(refused(answer, 400)["errors"]) <= 100
    assert len(answer.content) < 40_000


def test_brackets_and_keys_inside_of_texts_are_texts(bench, user):
    body = '\\" [[[[{{{{ \\\\' * 50
    made = bench.keep(user, response={"answers": [{"body": body}, {'"[{' * 40: "\\"}]})
    assert made["response"]["answers"][0]["body"] == body


def test_characters_that_cannot_be_stored_are_replaced_in_the_response_and_counted(bench, user):
    answers = [{"body": "a\x00b\ud800", "ключ\x00": ["\udfff"]}, {"body": "цел 🙂"}]
    made = bench.keep(user, response={"answers": answers})
    assert made["response"]["answers"] == [{"body": "a\ufffdb\ufffd", "ключ\ufffd": ["\ufffd"]}, {"body": "цел 🙂"}]
    assert made["annotations_meta"]["replaced_characters"] == 4
    path = f"{user}/sessions/{made['session_id']}"
    assert bench.get(path).json()["annotations_meta"]["replaced_characters"] == 4
    put = bench.send("PUT", path, {"response": {"answers": ANSWERS}}).json()
    assert put["annotations_meta"]["replaced_characters"] == 0


def test_what_is_too_large_is_413(bench, user, settings):
    much = {"0": {"overall": {"comment": "x" * 2**22}}}
    refused(bench.send("POST", f"{user}/sessions", {**SESSION, "annotations": much}), 413, "annotations")
    settings.MAX_BENCH_BODY_BYTES = 20_000
    big = {**SESSION, "response": {"answers": [{"body": "x" * 20_000}, {}]}}
    refused(bench.send("POST", f"{user}/sessions", big), 413)
    for holder in (b"[],", b"{},", b'"",', b'{"":""},'):
        bomb = b'{"response": [' + holder * (18_000 // len(holder)) + b"1]}"
        assert len(bomb) < 20_000
        refused(bench.send("POST", f"{user}/sessions", bomb), 413)


def test_five_thousand_questions_are_the_most(bench, user, settings):
    settings.BENCH_MAX_QUESTIONS = 3
    bench.keep(user, request=REQUEST + REQUEST[:1], response=None)
    refused(bench.send("POST", f"{user}/sessions", {**SESSION, "request": REQUEST * 2}), 400, "request")


# Changing


@pytest.fixture
def made(bench: BackEnd, user: str) -> dict[str, Any]:
    return bench.keep(user)


@pytest.fixture
def path(user: str, made: dict[str, Any]) -> str:
    return f"{user}/sessions/{made['session_id']}"


def test_annotations_are_replaced_as_a_whole(cast, bench, made, path):
    sent = {"1": {"overall": {"rating": "incorrect", "comment": "нет"}}}
    answer = bench.send("PUT", path, {"annotations": sent})
    body = answer.json()
    assert (answer.status_code, body["annotations"], body["changes"]) == (200, sent, {"changed": 1, "cleared": 1})
    assert body["updated_at"] > made["updated_at"]
    assert body["created_at"] == made["created_at"]
    assert answer["ETag"] == f'"{body["version"]}"' != f'"{made["version"]}"'
    assert (body["n_rated"], body["n_incorrect"], body["n_correct"]) == (1, 1, 0)
    with tenant_scope(cast.team.id):
        assert Annotation.objects.get(item__index=0).revisions.count() == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"annotations": None},
        {"response": None, "request": None},
        {"annotations": SAID, "response": SESSION["response"]},
    ],
)
def test_what_is_absent_or_null_or_the_same_stays_and_the_time_alone_moves_on(bench, made, path, body):
    answer = bench.send("PUT", path, body).json()
    assert (answer["version"], bench.get(path)["ETag"]) == (made["version"], f'"{made["version"]}"')
    assert {name: answer[name] for name in OWN_FIELDS} == {name: made[name] for name in OWN_FIELDS}
    assert answer["updated_at"] > made["updated_at"]
    assert answer["changes"] == {"changed": 0, "cleared": 0}


def test_an_empty_map_clears_and_what_a_colleague_says_stays(cast, bench, made, path):
    with tenant_scope(cast.team.id):
        colleague = AnalystFactory(team=cast.team, user=cast.owner, login="")
        session = BenchSession.objects.get()
        theirs = {"overall": {"rating": "incorrect", "comment": "их слово"}}
        save_annotation(session_id=session.id, index=0, author=colleague, data=theirs, version=0)
    assert bench.get(path).json()["annotations"] == SAID
    assert bench.get(path).json()["annotations_meta"]["0"]["reviews"] == 2
    body = bench.send("PUT", path, {"annotations": {}}).json()
    assert (body["annotations"], body["changes"]["cleared"]) == ({}, 2)
    assert body["annotations_meta"] == {"replaced_characters": 0}
    with tenant_scope(cast.team.id):
        assert Annotation.objects.get(author=colleague).data == theirs
        assert not Annotation.objects.exclude(author=colleague).filter(data__isnull=False).exists()
        assert BenchSession.objects.get().n_incorrect == 1
    assert bench.send("PUT", path, {"annotations": SAID}).json()["annotations_meta"]["0"]["version"] == 3


def test_a_response_is_laid_anew_and_the_judgements_stay(bench, made, path):
    answers = [{"body": "новый", "index": 1}, {"status": "error", "error": {"kind": "timeout"}, "index": 0}]
    body = bench.send("PUT", path, {"response": {"answers": answers}}).json()
    assert (body["response"], body["annotations"]) == ({"answers": answers}, SAID)
    assert (body["n_answered"], body["n_failed"]) == (1, 1)


def test_true_is_another_value_than_one_wherever_it_stands(bench, user, made, path):
    sure = {"0": {"overall": {"rating": "correct", "уверен": 1, "шаги": [{"да": 0}]}}}
    bench.send("PUT", path, {"annotations": sure})
    sent = json.loads(json.dumps(sure).replace(" 1,", " true,").replace(": 0}", ": false}"))
    body = bench.send("PUT", path, {"annotations": sent, "response": [{"верно": 1}, {}]}).json()
    assert body["changes"] == {"changed": 1, "cleared": 0}
    assert json.dumps(body["annotations"], sort_keys=True) == json.dumps(sent, sort_keys=True)
    body = bench.send("PUT", path, {"response": [{"верно": True}, {}]}).json()
    assert body["response"][0]["верно"] is True


def test_questions_change_only_while_nothing_was_answered_or_said(bench, user):
    made = bench.keep(user, response=None, annotations=None)
    path = f"{user}/sessions/{made['session_id']}"
    other = [{"body": "Другой вопрос?", "with_docs": True}] * 3
    body = bench.send("PUT", path, {"request": other, "annotations": {"2": {"overall": {"rating": "correct"}}}}).json()
    assert (body["request"], list(body["annotations"]), body["n_questions"]) == (other, ["2"], 3)
    refused(bench.send("PUT", path, {"request": REQUEST}), 409)
    answered = bench.keep(user, annotations=None)
    refused(bench.send("PUT", f"{user}/sessions/{answered['session_id']}", {"request": REQUEST}), 409)


@pytest.mark.parametrize("word", ["a flag", "a decision"])
def test_questions_stay_where_somebody_flagged_or_decided(cast, bench, user, word):
    made = bench.keep(user, response=None, annotations=None)
    asked = {"session_id": made["session_id"], "index": 0}
    with tenant_scope(cast.team.id):
        if word == "a flag":
            raise_flag(**asked, author=analyst_of(cast.owner), comment="обсудить")
        else:
            decide(**asked, by=analyst_of(cast.owner), rating="correct")
    path = f"{user}/sessions/{made['session_id']}"
    refused(bench.send("PUT", path, {"request": [{"body": "Другой?"}]}), 409)
    body = bench.get(path).json()
    assert (body["n_flagged"], body["n_rated"]) == ((1, 0) if word == "a flag" else (0, 1))


def test_one_bad_part_of_a_change_changes_nothing(bench, made, path):
    sent = {"response": {"answers": [{"body": "новый"}] * 2}, "annotations": {"5": {}}}
    refused(bench.send("PUT", path, sent), 400, "annotations.5")
    again = bench.get(path).json()
    assert (again["response"], again["version"]) == (made["response"], made["version"])


def test_if_match_lets_the_named_version_through_and_shows_what_stands_to_any_other(bench, made, path):
    stale = f'"{made["version"]}"'
    first = bench.send("PUT", path, {"annotations": {}}, If_Match=f'"0", {stale}')
    assert first.status_code == 200
    for tag in (stale, f"W/{first['ETag']}", "57", '"x"', ""):
        body = refused(bench.send("PUT", path, {"annotations": SAID}, If_Match=tag), 412)
        assert body["error_code"] == "VERSION_MISMATCH"
        assert body["current"] == bench.get(path).json()
        assert (body["version"], body["current"]["annotations"]) == (first.json()["version"], {})
    assert bench.send("PUT", path, {"annotations": SAID}, If_Match="*").json()["annotations"] == SAID


def test_while_a_session_is_run_its_answers_and_itself_stay(cast, bench, made, path):
    with tenant_scope(cast.team.id):
        session = BenchSession.objects.get()
        run = BenchRun.objects.create(session=session, state=RunState.RUNNING, lease_until=timezone.now())
    refused(bench.send("PUT", path, {"response": []}), 409)
    refused(bench.send("DELETE", path), 409)
    assert bench.send("PUT", path, {"annotations": {}}).status_code == 200
    with tenant_scope(cast.team.id):
        BenchRun.objects.filter(id=run.id).update(state=RunState.STOPPED)
    assert bench.send("DELETE", path).status_code == 204


def test_a_deleted_session_is_gone_for_the_contract(cast, bench, user, made, path):
    answer = bench.send("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    for method, body in (("GET", None), ("PUT", {"annotations": {}}), ("DELETE", None)):
        refused(bench.send(method, path, body), 404)
    assert bench.get(f"{user}/sessions").json() == {"sessions": [], "total": 0}
    with tenant_scope(cast.team.id):
        assert BenchSession.objects.exclude(deleted_at=None).count() == 1
    assert len(recorded(cast.team, "bench.session_deleted")) == 1


# Lists


def test_sessions_are_listed_newest_first_a_page_at_a_time(cast, bench, user):
    made = [bench.keep(user, environment=name)["session_id"] for name in ("ift", "psi", "ift")]
    bench.keep(bench.login("11111111"))
    with tenant_scope(cast.team.id):
        for age, pk in enumerate(made):
            BenchSession.objects.filter(id=pk).update(created_at=timezone.now() - timedelta(hours=age))
    body = bench.get(f"{user}/sessions").json()
    assert ([one["session_id"] for one in body["sessions"]], body["total"]) == (made, 3)
    assert {"session_id", "environment", "created_at", "api_mode", "n_rated"} <= body["sessions"][0].keys()
    assert "request" not in body["sessions"][0]
    page = bench.get(f"{user}/sessions?limit=1&offset=1").json()
    assert ([one["session_id"] for one in page["sessions"]], page["total"]) == (made[1:2], 3)
    of_ift = bench.get(f"{user}/sessions?environment=ift").json()
    assert ([one["session_id"] for one in of_ift["sessions"]], of_ift["total"]) == ([made[0], made[2]], 2)
    for query in (f"offset={10**30}", "offset=3"):
        assert bench.get(f"{user}/sessions?{query}").json() == {"sessions": [], "total": 3}
    assert len(bench.get(f"{user}/sessions?limit=100000").json()["sessions"]) == 3


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("environment=dev", "environment"),
        ("limit=x", "limit"),
        ("limit=0", "limit"),
        ("limit=٣", "limit"),
        ("offset=-1", "offset"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(bench, user, query, path):
    refused(bench.get(f"{user}/sessions?{query}"), 400, path)


def test_a_list_takes_as_many_queries_for_one_session_as_for_many_and_reads_no_item(bench, user):
    bench.keep(user)
    with CaptureQueriesContext(connection) as one:
        bench.get(f"{user}/sessions")
    for _number in range(4):
        bench.keep(user, request=REQUEST * 20, response=None)
    with CaptureQueriesContext(connection) as many:
        bench.get(f"{user}/sessions")
    assert len(one) == len(many)
    assert not any("benchsessions_item" in query["sql"] for query in many)


@pytest.mark.parametrize("bad", ["x", "5", "ABCDEF00-0000-4000-8000-000000000000", "../login"])
def test_what_is_no_id_is_404(bench, user, bad):
    assert bench.get(f"{bad}/settings").status_code == 404
    assert bench.get(f"{user}/sessions/{bad}").status_code == 404


def test_another_media_type_is_415_and_another_method_405(bench, user):
    answer = bench.client.post(f"/api/v1/users/{user}/sessions", {"a": "b"}, headers=bench.headers)
    refused(answer, 415)
    answer = bench.send("PATCH", f"{user}/settings", {})
    assert (refused(answer, 405)["error_code"], "PUT" in answer["Allow"]) == ("METHOD_NOT_ALLOWED", True)
