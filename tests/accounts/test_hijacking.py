"""Whoever only claimed an address keeps nothing of the account once its owner has come."""

import pytest

from accounts.actions import invitations, passwords
from accounts.links import ResetToken
from accounts.models import AuditEntry, ExternalIdentity, User
from tenants.scope import tenant_scope
from tests.accounts.conftest import ApiClient
from tests.accounts.test_identity_sync import back_end, me, sync, synced
from tests.keys import with_key

pytestmark = pytest.mark.django_db
ADDRESS, PASSWORD = "victim@corp.example", "chosen by a stranger"
WHO = {"email": ADDRESS, "password": PASSWORD}


@pytest.fixture
def trusted(cast):
    cast.team.settings = {"registration": "open"}
    cast.team.save()
    return back_end(cast.team, ["users:sync"])


def register(cast, **more):
    answer = ApiClient().send("/api/auth/register", {**WHO, "full_name": "", "team_id": str(cast.team.id), **more})
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def signed_in():
    client = ApiClient()
    return client, client.send("/api/auth/login", WHO).status_code


def key_of(client):
    return ApiClient(headers=with_key(client.send("/v1/auth/api-keys", {}).json()["api_key"]))


def test_what_a_stranger_made_of_somebodys_address_ends_when_its_owner_is_vouched_for(cast, trusted):
    account = register(cast)
    client, _ = signed_in()
    key = key_of(client)
    assert [opener.get("/api/auth/me").status_code for opener in (client, key)] == [200, 200]
    body = synced(sync(trusted, email=ADDRESS, email_verified=True))
    assert (body["user_id"], body["is_new"]) == (account, False)
    assert [opener.get("/api/auth/me").status_code for opener in (client, key)] == [401, 401]
    assert client.send("/api/auth/refresh").status_code == 401
    assert signed_in()[1] == 401
    assert me(body).json()["email"] == ADDRESS
    with tenant_scope(cast.team.id):
        assert AuditEntry.objects.filter(action="person.credentials_ended", object_id=account).count() == 1
    assert me(body).status_code == 200
    synced(sync(trusted, email=ADDRESS, email_verified=True))
    assert me(body).status_code == 200


def test_a_mailed_invitation_proves_an_address(cast, trusted):
    with tenant_scope(cast.team.id):
        token = invitations.invite(by=cast.admin, email=ADDRESS, role="user")
    register(cast, invitation=str(token))
    synced(sync(trusted, email=ADDRESS, email_verified=True))
    assert signed_in()[1] == 200


def test_an_invitation_for_whoever_has_the_link_proves_nothing(cast, trusted):
    with tenant_scope(cast.team.id):
        token = invitations.invite(by=cast.admin, email="", role="user")
    register(cast, invitation=str(token))
    synced(sync(trusted, email=ADDRESS, email_verified=True))
    assert signed_in()[1] == 401


def test_a_mailed_reset_proves_an_address(cast, trusted):
    account = register(cast)
    with tenant_scope(cast.team.id):
        person = User.objects.get(id=account)
    passwords.reset_password(token=ResetToken.of(person), password=PASSWORD)
    synced(sync(trusted, email=ADDRESS, email_verified=True))
    assert signed_in()[1] == 200


def test_unlinking_a_stranger_ends_the_key_that_their_sync_made(cast, trusted, client_of):
    stranger = synced(sync(trusted, subject="stranger", email=ADDRESS))
    assert me(stranger).status_code == 200
    with tenant_scope(cast.team.id):
        link = ExternalIdentity.objects.get(subject="stranger")
    page = f"/admin/accounts/externalidentity/{link.id}/delete/"
    assert client_of(cast.admin).post(page, {"post": "yes"}).status_code == 302
    assert me(stranger).status_code == 401
    owner = synced(sync(trusted, subject="owner", email=ADDRESS, email_verified=True))
    assert (owner["user_id"], owner["is_new"]) == (stranger["user_id"], False)
    assert (me(owner).status_code, me(stranger).status_code) == (200, 401)


def test_a_key_that_the_stranger_had_made_besides_ends_with_the_owners_sync(cast, trusted, client_of):
    stranger = synced(sync(trusted, subject="stranger", email=ADDRESS))
    besides = key_of(ApiClient(headers=with_key(stranger["api_key"])))
    with tenant_scope(cast.team.id):
        link = ExternalIdentity.objects.get(subject="stranger")
    data = {"action": "delete_selected", "_selected_action": [str(link.id)], "post": "yes"}
    assert client_of(cast.admin).post("/admin/accounts/externalidentity/", data).status_code == 302
    assert me(stranger).status_code == 401
    assert besides.get("/api/auth/me").status_code == 200
    synced(sync(trusted, subject="owner", email=ADDRESS, email_verified=True))
    assert besides.get("/api/auth/me").status_code == 401


def test_a_person_who_is_an_operator_is_named_in_no_link(cast, trusted):
    with tenant_scope(cast.team.id):
        User.objects.filter(id=cast.owner.id).update(is_superuser=True)
    synced(sync(trusted, email=cast.owner.email, email_verified=True))
    with tenant_scope(cast.team.id):
        assert AuditEntry.objects.get(action="identity.linked").details["owner"] == "An operator"
