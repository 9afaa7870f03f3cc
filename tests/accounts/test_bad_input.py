"""Whatever is sent: an error in the common format, never a fault of ours."""

import json

import pytest

from tests.factories import TeamFactory

pytestmark = pytest.mark.usefixtures("generous")

CALLS = ["/api/auth/register", "/api/auth/login", "/api/auth/me"]
GOOD = {"email": "a@b.org", "password": "a long enough password", "full_name": "A", "team": "ours"}


def deep(levels: int) -> bytes:
    return b'{"preferences":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "text": b'"x"',
    "null": b"null",
    "list": b"[]",
    "number": b"5",
    "NaN": b'{"preferences": {"a": NaN}}',
    "a huge number": b'{"preferences": {"a": 1e999}}',
    "a number of 5000 digits": b'{"preferences": {"a": ' + b"9" * 5000 + b"}}",
    "deep": deep(100),
    "very deep": deep(200_000),
    "not UTF-8": b'{"full_name": "\xff"}',
    "NUL": b'{"full_name": "a\\u0000b", "email": "a\\u0000@b.org", "password": "a\\u0000"}',
    "half a surrogate pair": b'{"full_name": "\\ud800", "email": "\\ud800@b.org", "password": "\\ud800"}',
    "a bad key": b'{"preferences": {"a\\u0000b": 1}}',
}


def send(client, path, body, content_type="application/json"):
    method = client.put if path.endswith("/me") else client.post
    return method(path, body, content_type=content_type)


def assert_refused(answer, *statuses):
    assert answer.status_code in statuses
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert isinstance(body["detail"], str)
    assert body["error_code"] == body["error_code"].upper()
    assert set(body) <= {"detail", "error_code", "errors"}


@pytest.fixture
def owner(cast, client_of):
    return client_of(cast.owner)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_400(owner, path, name):
    answer = send(owner, path, BODIES[name])
    if (path, name) == ("/api/auth/me", "nothing"):
        assert answer.status_code == 200  # nothing to change
    else:
        assert_refused(answer, 400)


@pytest.mark.parametrize("path", CALLS)
def test_ten_megabytes_are_413(owner, path):
    assert_refused(send(owner, path, json.dumps({"full_name": "x" * 10 * 2**20})), 413)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x"])
def test_another_media_type_is_415(owner, path, kind):
    assert_refused(send(owner, path, "email=a", kind), 415)


WRONG = [5, 1.5, True, [], {}, ["x"], {"x": "y"}]


@pytest.mark.parametrize("value", [*WRONG, None, "", " "])
@pytest.mark.parametrize("field", ["email", "password"])
def test_login_takes_texts_only(db, api, field, value):
    answer = api.send("/api/auth/login", {**GOOD, field: value})
    assert_refused(answer, 400 if (field, value) != ("password", " ") else 401)


@pytest.mark.parametrize("value", [*WRONG, "x" * 64])
def test_login_takes_a_text_for_the_team_only(db, api, value):
    assert_refused(api.send("/api/auth/login", {**GOOD, "team": value}), 400)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", [*WRONG, None, "", "no-at", "a@", "@b.org", "a b@c.org", f"{'a' * 250}@b.org", "a@b.org\n"]),
        ("password", [*WRONG, None, "", "x" * 5000]),
        ("full_name", [*WRONG, None, "x" * 201]),
        (
            "team_id",
            [*WRONG, None, "", "5", "x" * 36, "{00000000-0000-4000-8000-000000000000}", "0" * 32, "urn:uuid:x"],
        ),
    ],
)
def test_register_names_the_bad_field(db, api, field, values):
    team = TeamFactory(settings={"registration": "open"})
    for value in values:
        answer = api.send("/api/auth/register", {**GOOD, "team_id": str(team.id), field: value})
        if value == "a@b.org\n":
            assert answer.status_code == 201  # white space around an address means nothing
            continue
        assert_refused(answer, 400)
        assert list(answer.json()["errors"]) == [field], value


@pytest.mark.parametrize("missing", ["email", "password", "full_name", "team_id"])
def test_register_needs_every_field(db, api, missing):
    body = {**GOOD, "team_id": str(TeamFactory(settings={"registration": "open"}).id)}
    del body[missing]
    answer = api.send("/api/auth/register", body)
    assert_refused(answer, 400)
    assert list(answer.json()["errors"]) == [missing]


def test_an_address_that_grows_when_normalised_is_still_held_to_its_length(db, api):
    team = TeamFactory(settings={"registration": "open"})
    body = {**GOOD, "team_id": str(team.id), "email": f"a@{'ﬃ' * 84}.org"}
    assert_refused(api.send("/api/auth/register", body), 400)


@pytest.mark.parametrize("value", [*WRONG, "x" * 201])
def test_a_name_is_a_text(owner, value):
    assert_refused(send(owner, "/api/auth/me", {"full_name": value}), 400)


def test_unknown_fields_are_passed_over(owner, api):
    assert send(owner, "/api/auth/me", {"unknown": 1}).status_code == 200
    assert api.login(unknown=[1]).status_code == 200
