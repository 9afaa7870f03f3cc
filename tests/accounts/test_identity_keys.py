"""The identity contract: listing, making and revoking one's own keys."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.actions.keys import MAX_KEYS
from accounts.models import PERSONAL_SCOPES, ApiKey, AuditEntry, User
from tenants.scope import tenant_scope
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.accounts.test_bad_input import BODIES, assert_refused
from tests.factories import PASSWORD
from tests.keys import change, new_key, seen, with_key

pytestmark = pytest.mark.django_db
KEYS = "/v1/auth/api-keys"
INFO = {
    *("id", "name", "key_prefix", "created_at", "expires_at", "has_expired", "scopes", "allowed_networks"),
    *("is_session_key", "last_used_at", "last_used_from"),
}
Answer = Any


def bearing(text: str) -> ApiClient:
    """Return a client that calls with a key."""
    return ApiClient(headers=with_key(text))


@pytest.fixture
def owner(cast: Any) -> ApiClient:
    """A program with a key of the owner that opens everything and never ends."""
    return bearing(new_key(cast.owner)[1])


def made(client: ApiClient, **body: Any) -> dict[str, Any]:
    answer = client.send(KEYS, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def refused(answer: Answer, status: int, code: str) -> bool:
    assert_refused(answer, status)
    return answer.json()["error_code"] == code


def keys_of(user: User) -> list[ApiKey]:
    with tenant_scope(user.team_id):
        return list(ApiKey.objects.filter(user=user))


# Making


def test_a_new_key_is_shown_once_with_all_that_the_contract_names(cast, owner):
    answer = owner.send(KEYS, {"name": "CI", "expires_days": 30})
    body = answer.json()
    assert (answer.status_code, set(body), set(body["key_info"])) == (201, {"api_key", "key_info", "message"}, INFO)
    info = body["key_info"]
    assert (info["name"], info["has_expired"], info["last_used_at"]) == ("CI", False, None)
    assert body["api_key"].startswith(info["key_prefix"])
    assert set(info["scopes"]) == PERSONAL_SCOPES
    days = parse_datetime(info["expires_at"]) - parse_datetime(info["created_at"])
    assert abs(days - timedelta(days=30)) < timedelta(seconds=5)
    assert answer["Cache-Control"] == "private, no-store"
    assert bearing(body["api_key"]).get("/api/auth/me").json()["email"] == "owner@ours.org"
    assert body["api_key"] not in owner.get(KEYS).content.decode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        *((b"", kind) for kind in ["", "application/json", "application/x-www-form-urlencoded"]),
        (b"{}", "application/json"),
        (b'{"name": null, "expires_days": null, "scopes": null, "allowed_networks": null}', "application/json"),
    ],
)
def test_all_of_a_new_key_may_be_left_out(owner, body, kind):
    answer = owner.generic("POST", KEYS, body, content_type=kind)
    assert answer.status_code == 201, answer.content
    info = answer.json()["key_info"]
    assert (info["name"], info["expires_at"], info["allowed_networks"]) == ("API Key", None, [])
    assert set(info["scopes"]) == PERSONAL_SCOPES


@pytest.mark.parametrize("days", [1, 3650])
def test_an_expiry_at_the_bounds_is_taken(owner, days):
    assert made(owner, expires_days=days)["key_info"]["expires_at"]


def test_any_other_expiry_is_400(cast, owner):
    for days in [0, -1, 3651, 10**30, True, False, "30", "", 1.5, 30.0, [], {}]:
        answer = owner.send(KEYS, {"expires_days": days})
        assert refused(answer, 400, "VALIDATION_ERROR")
        assert list(answer.json()["errors"]) == ["expires_days"], days
    assert len(keys_of(cast.owner)) == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", ["", " ", "x" * 101, 5, True, [], {}, "a\nb", "a\rb", "a\x1b[2Jb", "a\x7fb", "a\x9bb", "a\u2028b"]),
        ("scopes", [[], "chats:read", ["nonsense"], ["users:sync"], [5], [None], [{}], {}, 5, [["chats:read"]]]),
        ("scopes", [["chats:read"] * 50]),
        ("allowed_networks", ["x", ["x"], [""], [5], [None], [[]], {}, ["1.2.3.4/33"], ["192.0.2.0/24"] * 21]),
    ],
)
def test_what_is_no_name_scope_or_network_is_400(cast, owner, field, values):
    for value in values:
        answer = owner.send(KEYS, {field: value})
        assert refused(answer, 400, "VALIDATION_ERROR")
        assert {name.partition(".")[0] for name in answer.json()["errors"]} == {field}, value
    assert len(keys_of(cast.owner)) == 1


def test_a_bad_body_is_400(owner):
    for body in filter(None, BODIES.values()):
        assert_refused(owner.post(KEYS, body, content_type="application/json"), 400)


def test_another_media_type_is_415_and_too_much_is_413(owner):
    assert_refused(owner.post(KEYS, "name=x", content_type="text/plain"), 415)
    assert_refused(owner.send(KEYS, {"name": "x" * 10 * 2**20}), 413)


def test_scopes_and_networks_are_kept_once_and_in_one_spelling(owner):
    wanted = {
        "scopes": ["chats:read", "agents:read", "chats:read"],
        "allowed_networks": ["192.0.2.7/24 ", "2001:DB8::1"],
    }
    info = made(owner, **wanted)["key_info"]
    assert info["scopes"] == ["agents:read", "chats:read"]
    assert info["allowed_networks"] == ["192.0.2.0/24", "2001:db8::1/128"]


def test_the_making_and_the_revoking_are_recorded_without_the_key(cast, owner):
    body = made(owner)
    owner.delete(f"{KEYS}/{body['key_info']['id']}")
    with tenant_scope(cast.team.id):
        entries = list(AuditEntry.objects.filter(object_id=body["key_info"]["id"]).order_by("at").values())
    assert [(entry["action"], entry["actor_kind"], entry["actor_name"]) for entry in entries] == [
        ("key.created", "key", "owner@ours.org"),
        ("key.revoked", "key", "owner@ours.org"),
    ]
    assert body["api_key"] not in str(entries)


# Listing and revoking


def test_the_list_holds_ones_own_open_keys_newest_first(cast, owner):
    old = made(owner, name="old")["key_info"]
    new = made(owner, name="new", scopes=["chats:read"])["key_info"]
    change(new_key(cast.owner, expires_days=1)[0], expires_at=timezone.now(), name="over")
    change(new_key(cast.owner)[0], revoked_at=timezone.now(), name="revoked")
    for other in (cast.teammate, cast.admin, cast.outsider, cast.team):
        new_key(other)
    body = owner.get(KEYS).json()
    assert set(body) == {"api_keys", "total"}
    assert [(key["name"], key["has_expired"]) for key in body["api_keys"]] == [
        ("over", True),
        ("new", False),
        ("old", False),
        ("test", False),
    ]
    assert body["total"] == 4
    assert {key["id"]: key for key in body["api_keys"]}[new["id"]] == new
    assert old["id"] in {key["id"] for key in body["api_keys"]}


def test_the_last_use_is_shown_as_a_neighbourhood(cast):
    _, text = new_key(cast.owner)
    (key,) = ApiClient(headers=with_key(text), REMOTE_ADDR="192.0.2.77").get(KEYS).json()["api_keys"]
    assert key["last_used_from"] == "192.0.2.0/24"
    assert parse_datetime(key["last_used_at"]) > timezone.now() - timedelta(minutes=1)


def test_a_list_takes_as_many_queries_for_one_key_as_for_many(cast, owner, django_assert_num_queries):
    owner.get(KEYS)  # which notes the use
    with django_assert_num_queries(2):
        owner.get(KEYS)
    for _ in range(5):
        new_key(cast.owner)
    with django_assert_num_queries(2):
        assert owner.get(KEYS).json()["total"] == 6


def test_a_revoked_key_is_401_at_the_next_request_while_the_other_works_on(owner):
    body = made(owner)
    spare = bearing(body["api_key"])
    assert spare.get(KEYS).status_code == 200
    answer = owner.delete(f"{KEYS}/{body['key_info']['id']}")
    assert (answer.status_code, answer.json()) == (
        200,
        {"message": "API key revoked successfully", "key_id": body["key_info"]["id"]},
    )
    assert refused(spare.get(KEYS), 401, "BAD_API_KEY")
    assert owner.get(KEYS).json()["total"] == 1


def test_a_key_may_revoke_itself(cast):
    key, text = new_key(cast.owner)
    assert bearing(text).delete(f"{KEYS}/{key.id}").status_code == 200
    assert bearing(text).get(KEYS).status_code == 401


def test_an_absent_a_foreign_and_a_revoked_key_are_one_and_the_same_404(cast, owner):
    revoked, _ = new_key(cast.owner)
    change(revoked, revoked_at=timezone.now())
    strangers = [new_key(who)[0] for who in (cast.teammate, cast.admin, cast.outsider, cast.team, cast.other_team)]
    answers = [owner.delete(f"{KEYS}/{key_id}") for key_id in [uuid4(), *(key.id for key in [revoked, *strangers])]]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert refused(answers[0], 404, "NOT_FOUND")
    assert [seen(key).revoked_at for key in strangers] == [None] * 5


def test_not_even_an_admin_revokes_another_persons_key_here(cast):
    key, _ = new_key(cast.owner)
    assert bearing(new_key(cast.admin)[1]).delete(f"{KEYS}/{key.id}").status_code == 404
    assert seen(key).revoked_at is None


@pytest.mark.parametrize("key_id", ["x", "5", "{id}", "00000000-0000-0000-0000-00000000000"])
def test_what_is_no_id_is_404_in_the_common_format(owner, key_id):
    assert_refused(owner.delete(f"{KEYS}/{key_id}"), 404)


def test_another_method_is_405(owner):
    assert_refused(owner.send(KEYS, {}, "put"), 405)
    assert_refused(owner.get(f"{KEYS}/{uuid4()}"), 405)


# Who may


def known_by(way: str, cast: Any, client_of: Any) -> Client:
    if way == "token":
        return client_of(cast.owner)
    if way in {"authorization", "x-api-key"}:
        return ApiClient(headers=with_key(new_key(cast.owner)[1], header=way))
    client = ApiClient()
    path = {"cookie": "/api/auth/login", "page": "/sign-in"}[way]
    client.post(path, {"email": "owner@ours.org", "password": PASSWORD}, *["application/json"] * (way == "cookie"))
    return client


@pytest.mark.parametrize("way", ["cookie", "page", "token", "authorization", "x-api-key"])
def test_each_way_of_being_known_opens_the_three_calls(cast, client_of, way):
    client = known_by(way, cast, client_of)
    answer = client.post(KEYS, {}, content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["key_info"]["id"] in {key["id"] for key in client.get(KEYS).json()["api_keys"]}
    assert client.delete(f"{KEYS}/{answer.json()['key_info']['id']}").status_code == 200


def three_calls(client: ApiClient, key_id: UUID) -> list[Answer]:
    return [client.get(KEYS), client.send(KEYS, {}), client.delete(f"{KEYS}/{key_id}")]


def test_nobody_gets_in_without_credentials(cast):
    key, _ = new_key(cast.owner)
    for answer in three_calls(ApiClient(), key.id):
        assert refused(answer, 401, "NOT_AUTHENTICATED")
        assert answer["WWW-Authenticate"]
    assert seen(key).revoked_at is None


def test_a_teams_own_key_has_no_keys_of_its_own(cast):
    key, _ = new_key(cast.owner)
    _, text = new_key(cast.team)
    for answer in three_calls(bearing(text), key.id):
        assert_refused(answer, 403)
    assert seen(key).revoked_at is None


def test_reading_and_writing_need_a_scope_each(cast):
    key, _ = new_key(cast.owner)
    for scope, answers in (("keys:read", [200, 403, 403]), ("keys:write", [403, 201, 200]), ("chats:read", [403] * 3)):
        calls = three_calls(bearing(new_key(cast.owner, [scope])[1]), key.id)
        assert [answer.status_code for answer in calls] == answers
        assert all(refused(answer, 403, "SCOPE_REQUIRED") for answer in calls if answer.status_code == 403)


# No key makes a wider one


def test_a_key_made_by_a_key_is_its_equal_unless_told_less(cast):
    _, text = new_key(cast.owner, ["keys:write", "chats:read"], expires_days=7, allowed_networks=["127.0.0.0/8"])
    maker = next(key for key in keys_of(cast.owner))
    info = made(bearing(text))["key_info"]
    assert (info["scopes"], info["allowed_networks"]) == (["chats:read", "keys:write"], ["127.0.0.0/8"])
    assert parse_datetime(info["expires_at"]) == maker.expires_at
    less = {"scopes": ["chats:read"], "expires_days": 6, "allowed_networks": ["127.0.0.1", "127.1.0.0/16"]}
    info = made(bearing(text), **less)["key_info"]
    assert (info["scopes"], info["allowed_networks"]) == (["chats:read"], ["127.0.0.1/32", "127.1.0.0/16"])
    assert parse_datetime(info["expires_at"]) < maker.expires_at


def test_a_key_gives_no_scope_that_it_lacks(cast):
    _, text = new_key(cast.owner, ["keys:write", "chats:read"])
    answer = bearing(text).send(KEYS, {"scopes": ["chats:read", "chats:write"]})
    assert refused(answer, 403, "SCOPE_REQUIRED")
    assert "chats:write" in answer.json()["detail"]
    assert len(keys_of(cast.owner)) == 1


@pytest.mark.parametrize("networks", [["0.0.0.0/0"], ["127.0.0.0/7"], ["127.0.0.1", "10.0.0.1"], ["::1"], ["::/0"]])
def test_a_key_gives_no_network_beyond_its_own(cast, networks):
    _, text = new_key(cast.owner, allowed_networks=["127.0.0.0/8"])
    answer = bearing(text).send(KEYS, {"allowed_networks": networks})
    assert refused(answer, 400, "VALIDATION_ERROR")
    assert list(answer.json()["errors"]) == ["allowed_networks"]
    assert len(keys_of(cast.owner)) == 1


@pytest.mark.parametrize("nothing", [[], None])
def test_no_networks_do_not_open_a_key_that_has_some(cast, nothing):
    _, text = new_key(cast.owner, allowed_networks=["127.0.0.0/8"])
    assert made(bearing(text), allowed_networks=nothing)["key_info"]["allowed_networks"] == ["127.0.0.0/8"]


@pytest.mark.parametrize("days", [8, 3650])
def test_a_key_gives_no_day_beyond_its_own(cast, days):
    _, text = new_key(cast.owner, expires_days=7)
    answer = bearing(text).send(KEYS, {"expires_days": days})
    assert refused(answer, 400, "VALIDATION_ERROR")
    assert list(answer.json()["errors"]) == ["expires_days"]
    assert len(keys_of(cast.owner)) == 1


def test_a_person_at_work_is_not_held_to_any_key(cast, client_of):
    new_key(cast.owner, ["chats:read"], expires_days=1)
    client = client_of(cast.owner)
    answer = client.post(KEYS, {"scopes": ["keys:write"], "expires_days": 3650}, content_type="application/json")
    assert answer.json()["key_info"]["scopes"] == ["keys:write"]


# How many


def fill(user: User, count: int) -> None:
    with tenant_scope(user.team_id):
        ApiKey.objects.bulk_create(
            ApiKey(user=user, name="x", key_prefix="x", key_hash=uuid4().hex, scopes=["chats:read"])
            for _ in range(count)
        )


def test_one_more_than_the_limit_is_409_until_one_is_revoked(cast, owner):
    fill(cast.owner, MAX_KEYS - 2)
    fill(cast.teammate, MAX_KEYS)
    last = made(owner)["key_info"]["id"]
    assert refused(owner.send(KEYS, {}), 409, "TOO_MANY_KEYS")
    owner.delete(f"{KEYS}/{last}")
    assert made(owner)


@pytest.mark.django_db(transaction=True)
def test_of_many_keys_made_at_once_none_passes_the_limit(cast):
    fill(cast.owner, MAX_KEYS - 10)
    texts = [new_key(cast.owner)[1] for _ in range(8)]  # one each: a key waits for itself anyway

    def make(number: int) -> int:
        return bearing(texts[number]).send(KEYS, {}).status_code

    answers = at_once(8, make)
    assert (answers.count(201), answers.count(409)) == (2, 6)
    assert len(keys_of(cast.owner)) == MAX_KEYS


@pytest.mark.parametrize("typo", [{"expire_days": 7}, {"scope": ["chats:read"]}, {"name": "x", "is_session_key": True}])
def test_a_mistyped_limit_makes_no_key_without_one(cast, client_of, typo):
    answer = client_of(cast.owner).post("/v1/auth/api-keys", typo, content_type="application/json")
    assert answer.status_code == 400
    assert [*answer.json()["errors"].values()] == [["There is no such field."]]
    with tenant_scope(cast.team.id):
        assert not ApiKey.objects.filter(user=cast.owner).exists()
