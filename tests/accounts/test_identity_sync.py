"""The identity contract: trusted back ends bring people in, and nobody gets an account that is not theirs."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import is_password_usable
from django.utils import timezone

from accounts.models import PERSONAL_SCOPES, ApiKey, AuditEntry, ExternalIdentity, User
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.accounts.test_bad_input import BODIES, assert_refused
from tests.factories import UserFactory
from tests.keys import new_key, with_key

pytestmark = pytest.mark.django_db
OAUTH, STACK = "/v1/auth/sync-oauth-user", "/v1/auth/sync-stack-user"
BOTH = pytest.mark.parametrize("path", [OAUTH, STACK])
FIELDS = {"user_id", "email", "full_name", "tier", "api_key", "message", "is_new"}
VICTIM = "owner@ours.org"
NEW = "new@example.org"
Answer = Any


def back_end(team: Team, scopes: list[str] | None = None) -> ApiClient:
    """Return a client that calls with a key of the team itself."""
    return ApiClient(headers=with_key(new_key(team, scopes)[1]))


@pytest.fixture
def trusted(cast: Any) -> ApiClient:
    return back_end(cast.team, ["users:sync"])


def sync(client: ApiClient, path: str = OAUTH, *, subject: str = "1", email: str = NEW, **more: Any) -> Answer:
    name = "user_id" if path == OAUTH else "stack_user_id"
    return client.send(path, {name: subject, "email": email, **more})


def synced(answer: Answer) -> dict[str, Any]:
    assert (answer.status_code, set(answer.json())) == (201, FIELDS), answer.content
    return answer.json()


def refused(answer: Answer, status: int, code: str) -> bool:
    assert_refused(answer, status)
    return answer.json()["error_code"] == code


def rows(team: Team) -> dict[str, list[dict[str, Any]]]:
    """Return all that a sync might change, as it stands; that somebody was here changes nothing."""

    def kept(found: Any) -> list[dict[str, Any]]:
        return [{name: row[name] for name in row if not name.startswith("last_")} for row in found.values()]

    with tenant_scope(team.id):
        people, links = User.objects.order_by("id"), ExternalIdentity.objects.order_by("id")
        keys = ApiKey.objects.exclude(user=None).order_by("id")
        return {"people": kept(people), "keys": kept(keys), "links": kept(links)}


def person(body: dict[str, Any]) -> User:
    with unsafe_all_tenants(reason="look"):
        return User.objects.get(id=body["user_id"])


def me(body: dict[str, Any]) -> Answer:
    return ApiClient(headers=with_key(body["api_key"])).get("/api/auth/me")


def end_keys_of(user: User, **fields: Any) -> None:
    with tenant_scope(user.team_id):
        ApiKey.objects.filter(user=user).update(**fields)


# Somebody new


@BOTH
def test_somebody_new_gets_an_account_without_a_tier_and_a_key(cast, trusted, path):
    answer = sync(trusted, path, email="New@Example.org ", full_name="Nina New")
    body = synced(answer)
    assert {**body, "user_id": "", "api_key": ""} == {
        "user_id": "",
        "email": NEW,
        "full_name": "Nina New",
        "tier": "none",
        "api_key": "",
        "message": "User created",
        "is_new": True,
    }
    assert answer["Cache-Control"] == "private, no-store"
    user = person(body)
    assert (user.team_id, user.role, user.is_superuser, user.is_active) == (cast.team.id, "user", False, True)
    assert not is_password_usable(user.password)
    assert me(body).json()["id"] == body["user_id"]
    with tenant_scope(cast.team.id):
        key = ApiKey.objects.get(user=user)
        link = ExternalIdentity.objects.get(user=user)
    assert (key.is_session_key, set(key.scopes)) == (True, PERSONAL_SCOPES)
    assert key.expires_at - key.created_at >= timedelta(days=364)
    provider = "github" if path == OAUTH else "stack"
    assert (link.provider, link.subject, link.email, link.email_verified) == (provider, "1", NEW, False)


def test_nobody_new_may_call_an_agent_until_a_tier_is_set(cast, trusted):
    cast.team.settings = {"default_tier": "team"}
    cast.team.save()
    assert synced(sync(trusted))["tier"] == "none"


@BOTH
def test_the_key_is_never_shown_again(trusted, path):
    first = synced(sync(trusted, path))
    for _ in range(2):
        again = synced(sync(trusted, path))
        assert (again["user_id"], again["api_key"], again["is_new"]) == (first["user_id"], None, False)
    assert me(first).status_code == 200


@pytest.mark.parametrize("end", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(days=1)}])
def test_a_linked_person_gets_a_new_key_only_when_the_old_one_ended(trusted, end):
    first = synced(sync(trusted))
    end_keys_of(person(first), **end)
    second = synced(sync(trusted))
    assert (second["user_id"], second["is_new"]) == (first["user_id"], False)
    assert (me(first).status_code, me(second).status_code) == (401, 200)
    assert synced(sync(trusted))["api_key"] is None


def test_a_key_that_the_person_made_is_no_session_key(trusted):
    first = synced(sync(trusted))
    ApiClient(headers=with_key(first["api_key"])).send("/v1/auth/api-keys", {})
    with tenant_scope(person(first).team_id):
        ApiKey.objects.filter(is_session_key=True).update(revoked_at=timezone.now())
    assert me(synced(sync(trusted))).status_code == 200


def test_what_is_known_takes_neither_a_lock_nor_a_write(trusted, django_assert_num_queries):
    sync(trusted)
    with django_assert_num_queries(3) as queries:  # the back end's key, the link, the session key
        sync(trusted)
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_a_linked_person_keeps_their_e_mail_and_their_name(trusted):
    first = synced(sync(trusted))
    assert synced(sync(trusted, full_name="Nina New"))["full_name"] == "Nina New"  # there was none
    again = synced(sync(trusted, email="other@example.org", full_name="Else", email_verified=True))
    assert (again["user_id"], again["email"], again["full_name"]) == (first["user_id"], NEW, "Nina New")
    assert synced(sync(trusted, full_name=None))["full_name"] == "Nina New"


def test_the_same_subject_of_another_provider_is_somebody_else(trusted):
    one = synced(sync(trusted))
    two = synced(sync(trusted, provider="gitlab", email="two@example.org"))
    three = synced(sync(trusted, STACK, email="three@example.org"))
    assert len({body["user_id"] for body in (one, two, three)}) == 3


def test_no_sync_sets_a_role_a_team_a_tier_or_who_is_active(cast, trusted):
    wishes = dict.fromkeys(["team", "team_id"], str(cast.other_team.id))
    wishes |= {"role": "admin", "is_superuser": True, "is_staff": True, "is_active": False, "password": "a new one"}
    wishes |= {"tier": "team", "tier_id": "team"}
    for body in (synced(sync(trusted, **wishes)), synced(sync(trusted, **wishes))):
        user = person(body)
        assert (user.role, user.is_superuser, user.is_active, user.tier_id) == ("user", False, True, "none")
        assert user.team_id == cast.team.id
        assert not is_password_usable(user.password)


def test_what_happened_is_recorded_and_no_key_with_it(cast, trusted):
    body = synced(sync(trusted))
    sync(trusted)
    with tenant_scope(cast.team.id):
        entries = list(AuditEntry.objects.filter(action__in=["person.added", "identity.linked"]).order_by("at"))
        everything = str(list(AuditEntry.objects.values()))
    assert [(entry.action, entry.actor_kind) for entry in entries] == [
        ("person.added", "key"),
        ("identity.linked", "key"),
    ]
    assert entries[0].object_id == body["user_id"]
    assert entries[1].details["owner"] == NEW
    assert body["api_key"] not in everything


# Somebody whose e-mail is there already


@BOTH
@pytest.mark.parametrize("word", [{}, {"email_verified": False}, {"email_verified": None}])
def test_a_taken_e_mail_is_409_while_nobody_vouches_for_it(cast, trusted, path, word):
    new_key(cast.owner)
    before = rows(cast.team)
    answer = sync(trusted, path, email=f"  {VICTIM.upper()}", full_name="X", **word)
    assert refused(answer, 409, "EMAIL_TAKEN")
    assert rows(cast.team) == before


@BOTH
def test_a_taken_e_mail_that_is_vouched_for_leads_to_the_account(cast, trusted, path):
    body = synced(sync(trusted, path, email=VICTIM, full_name="X", email_verified=True))
    assert (body["user_id"], body["is_new"]) == (str(cast.owner.id), False)
    assert (body["full_name"], body["tier"]) == (cast.owner.full_name, "team")
    assert me(body).json()["id"] == str(cast.owner.id)
    user = person(body)
    assert (user.password, user.role) == (cast.owner.password, cast.owner.role)
    assert synced(sync(trusted, path, email=VICTIM))["api_key"] is None


def test_who_was_first_with_a_victims_address_never_shares_the_account_with_the_victim(cast, trusted):
    attacker = synced(sync(trusted, subject="attacker"))
    before = rows(cast.team)
    for path, more in ((OAUTH, {}), (OAUTH, {"provider": "gitlab"}), (STACK, {})):
        answer = sync(trusted, path, subject="victim", email_verified=True, **more)
        assert refused(answer, 409, "EMAIL_TAKEN")
    assert rows(cast.team) == before
    assert synced(sync(trusted, subject="attacker", email_verified=True))["user_id"] == attacker["user_id"]
    # The word given later for the attacker's link opens nothing: the link was made without it.
    assert refused(sync(trusted, STACK, subject="victim", email_verified=True), 409, "EMAIL_TAKEN")


def test_a_second_provider_joins_only_while_both_vouch(cast, trusted):
    first = synced(sync(trusted, email_verified=True))
    assert refused(sync(trusted, STACK), 409, "EMAIL_TAKEN")
    second = synced(sync(trusted, STACK, email_verified=True))
    assert (second["user_id"], second["api_key"], second["is_new"]) == (first["user_id"], None, False)


def test_a_second_subject_of_the_same_provider_never_joins(cast, trusted):
    sync(trusted, email_verified=True)
    before = rows(cast.team)
    assert refused(sync(trusted, subject="2", email_verified=True), 409, "EMAIL_TAKEN")
    assert rows(cast.team) == before


def test_a_deactivated_person_gets_nothing(cast, trusted):
    linked = person(synced(sync(trusted)))
    end_keys_of(linked, revoked_at=timezone.now())
    with tenant_scope(cast.team.id):
        User.objects.filter(id__in=[linked.id, cast.owner.id]).update(is_active=False)
    before = rows(cast.team)
    assert refused(sync(trusted), 403, "ACCOUNT_INACTIVE")
    assert refused(sync(trusted, STACK, email=VICTIM, email_verified=True), 403, "ACCOUNT_INACTIVE")
    assert refused(sync(trusted, STACK, email=VICTIM), 409, "EMAIL_TAKEN")
    assert rows(cast.team) == before


def test_a_full_team_takes_nobody_new_but_knows_its_own(cast, trusted):
    linked = synced(sync(trusted))
    cast.team.settings = {"max_users": 4}
    cast.team.save()
    before = rows(cast.team)
    assert refused(sync(trusted, subject="2", email="two@example.org"), 403, "TEAM_FULL")
    assert rows(cast.team) == before
    assert synced(sync(trusted))["user_id"] == linked["user_id"]
    assert synced(sync(trusted, STACK, email=VICTIM, email_verified=True))["user_id"] == str(cast.owner.id)


# Who may not


@BOTH
@pytest.mark.parametrize("word", [{}, {"email_verified": True}])
def test_without_a_key_nobody_is_synced(cast, path, word):
    before = rows(cast.team)
    answer = sync(ApiClient(), path, email=VICTIM, **word)
    assert refused(answer, 401, "NOT_AUTHENTICATED")
    assert answer["WWW-Authenticate"]
    for bad in ("x", new_key(cast.team)[1][:-1] + "!"):
        assert refused(sync(ApiClient(headers=with_key(bad)), path, email=VICTIM, **word), 401, "BAD_API_KEY")
    bearing = ApiClient(headers={"authorization": "Bearer x.y.z"})
    assert refused(sync(bearing, path, email=VICTIM, **word), 401, "BAD_TOKEN")
    assert rows(cast.team) == before


@BOTH
def test_a_key_of_another_team_makes_an_account_there_and_touches_none_here(cast, path):
    foreign = back_end(cast.other_team)
    before = rows(cast.team)
    body = synced(sync(foreign, path, email=VICTIM, email_verified=True))
    assert body["is_new"]
    assert body["user_id"] != str(cast.owner.id)
    assert (person(body).team_id, me(body).json()["team_id"]) == (cast.other_team.id, str(cast.other_team.id))
    assert rows(cast.team) == before
    ours = synced(sync(back_end(cast.team), path, email=VICTIM, email_verified=True))
    assert ours["user_id"] == str(cast.owner.id)  # the same subject, in each team somebody of its own


@BOTH
def test_a_key_without_the_scope_syncs_nobody(cast, path):
    before = rows(cast.team)
    answer = sync(back_end(cast.team, ["bench"]), path, email=VICTIM, email_verified=True)
    assert refused(answer, 403, "SCOPE_REQUIRED")
    assert "users:sync" in answer.json()["detail"]
    assert rows(cast.team) == before


@BOTH
@pytest.mark.parametrize("who", ["owner", "admin", "operator"])
def test_no_person_and_no_persons_key_syncs_anybody(cast, client_of, path, who):
    user = getattr(cast, who)
    _, text = new_key(user)
    before = rows(cast.team)
    body = {"user_id": "1", "stack_user_id": "1", "email": VICTIM, "email_verified": True}
    for client in (client_of(user), ApiClient(headers=with_key(text))):
        assert_refused(client.post(path, body, content_type="application/json"), 403)
    assert rows(cast.team) == before


@BOTH
def test_a_revoked_key_syncs_nobody_from_the_next_request_on(cast, path):
    key, text = new_key(cast.team)
    client = ApiClient(headers=with_key(text))
    assert sync(client, path).status_code == 201
    with tenant_scope(cast.team.id):
        ApiKey.objects.filter(id=key.id).update(revoked_at=timezone.now())
    assert refused(sync(client, path), 401, "BAD_API_KEY")


# Bad input

WRONG = [5, 1.5, True, [], {}, ["x"]]


@BOTH
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("id", [*WRONG, None, "", " ", "x" * 256]),
        ("email", [*WRONG, None, "", "x", "a@", "@b.org", f"{'a' * 250}@b.org"]),
        ("full_name", [5, True, [], {}, "x" * 201]),
        ("email_verified", ["true", "yes", 1, 0, "", [], {}]),
    ],
)
def test_a_bad_field_is_named(cast, trusted, path, field, values):
    if field == "id":
        field = "user_id" if path == OAUTH else "stack_user_id"
    subject = "user_id" if path == OAUTH else "stack_user_id"
    before = rows(cast.team)
    for value in values:
        answer = trusted.send(path, {subject: "1", "email": NEW, field: value})
        assert_refused(answer, 400)
        assert list(answer.json()["errors"]) == [field], value
    assert rows(cast.team) == before


def test_a_provider_is_a_short_name(trusted):
    for value in [*WRONG, "", " ", "GitHub", "x" * 41, "a b", "ü", "-a", "git\u2028hub", "git\n", " git"]:
        answer = sync(trusted, provider=value)
        assert_refused(answer, 400)
        assert list(answer.json()["errors"]) == ["provider"], value


@BOTH
def test_a_bad_body_is_400(trusted, path):
    for body in BODIES.values():
        assert_refused(trusted.post(path, body, content_type="application/json"), 400)


@BOTH
def test_another_media_type_another_method_and_too_much_are_refused(trusted, path):
    assert_refused(trusted.post(path, "email=a", content_type="application/x-www-form-urlencoded"), 415)
    assert_refused(sync(trusted, path, full_name="x" * 10 * 2**20), 413)
    assert_refused(trusted.get(path), 405)
    assert_refused(ApiClient().get(path), 401)


# Many at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", [OAUTH, STACK])
def test_of_twenty_first_syncs_at_once_one_makes_the_person_and_one_shows_the_key(cast, path):
    _, text = new_key(cast.team)

    def once(number: int) -> dict[str, Any]:
        return synced(sync(ApiClient(headers=with_key(text)), path))

    bodies = at_once(20, once)
    assert len({body["user_id"] for body in bodies}) == 1
    (key,) = [body["api_key"] for body in bodies if body["api_key"]]
    assert [body["is_new"] for body in bodies].count(True) == 1
    after = rows(cast.team)
    assert (len(after["people"]), len(after["links"]), len(after["keys"])) == (4, 1, 1)
    assert me({"api_key": key}).json()["email"] == NEW


@pytest.mark.django_db(transaction=True)
def test_of_many_new_people_at_once_no_more_come_in_than_there_are_seats(cast):
    cast.team.settings = {"max_users": 5}
    cast.team.save()
    _, text = new_key(cast.team)

    def once(number: int) -> int:
        return sync(ApiClient(headers=with_key(text)), subject=str(number), email=f"p{number}@x.org").status_code

    answers = at_once(8, once)
    assert (answers.count(201), answers.count(403)) == (2, 6)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_vouch_for_one_address_at_once_one_subject_gets_the_account(cast):
    _, text = new_key(cast.team)

    def once(number: int) -> int:
        client = ApiClient(headers=with_key(text))
        return sync(client, subject=str(number), email=VICTIM, email_verified=True).status_code

    answers = at_once(8, once)
    assert (answers.count(201), answers.count(409)) == (1, 7)
    assert len(rows(cast.team)["links"]) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_syncs_at_once_after_the_key_ended_one_shows_the_new_one(cast):
    _, text = new_key(cast.team)
    first = synced(sync(ApiClient(headers=with_key(text))))
    end_keys_of(person(first), expires_at=timezone.now())
    bodies = at_once(8, lambda number: synced(sync(ApiClient(headers=with_key(text)))))
    assert len([body for body in bodies if body["api_key"]]) == 1


def test_an_account_that_appears_meanwhile_is_409_and_no_fault(cast, trusted, monkeypatch):
    from accounts.actions import sync as action

    def meanwhile(*, team_id: Any) -> None:
        UserFactory(team=cast.team, email=NEW)

    monkeypatch.setattr(action.people, "require_seat", meanwhile)
    assert refused(sync(trusted), 409, "EMAIL_TAKEN")
