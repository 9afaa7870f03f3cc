"""What opens the house with a key, what does not, and where a key is nobody."""

import re
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.keys import ALPHABET, PREFIX, _base62, _checksum, team_of_key
from accounts.keys import new_key as new_text
from accounts.models import ApiKey, Scope, User
from accounts.resolver import from_handshake
from tenants.models import Team
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.factories import PASSWORD
from tests.keys import change, new_key, seen, with_key

pytestmark = pytest.mark.django_db
ME = "/api/auth/me"
HEADERS = ("authorization", "x-api-key")
Answer = Any


def ask(headers: dict[str, str], path: str = ME, *, client: Client | None = None, **extra: Any) -> Answer:
    return (client or Client()).get(path, headers=headers, **extra)


def is_refused(answer: Answer, code: str = "BAD_API_KEY") -> bool:
    told = (answer.status_code, answer.json()["error_code"], answer.headers.get("WWW-Authenticate"))
    return told == (401, code, 'Bearer realm="Parley"')


@pytest.fixture
def signed_in(cast: Any) -> Client:
    """A browser with both kinds of cookies of the owner, which open everything by themselves."""
    client = Client()
    who = {"email": "owner@ours.org", "password": PASSWORD}
    client.post("/api/auth/login", who, "application/json")
    tokens = client.cookies.copy()
    client.post("/sign-in", who)  # which drops the cookies of the API
    client.cookies.update(tokens)
    assert SESSION_KEY in client.session
    assert client.cookies["access_token"].value
    return client


@pytest.mark.parametrize("header", HEADERS)
def test_a_key_opens_what_its_person_may_read(cast, header):
    _, text = new_key(cast.owner)
    answer = ask(with_key(text, header=header))
    assert (answer.status_code, answer.json()["email"]) == (200, "owner@ours.org")
    assert answer["Cache-Control"] == "private, no-store"


def test_two_keys_of_a_person_work_at_once(cast):
    texts = [new_key(cast.owner)[1] for _ in range(2)]
    assert [ask(with_key(text)).status_code for text in texts] == [200, 200]


@pytest.mark.parametrize("header", HEADERS)
def test_an_unknown_key_is_401(cast, header):
    assert is_refused(ask(with_key(new_text(cast.team.id), header=header)))


def spoilt(text: str) -> dict[str, str]:
    """Return texts that cannot be keys, made from one that is."""
    body, _, checksum = text.rpartition("_")
    other = "0" if body[-30] != "0" else "1"
    beyond = f"{PREFIX}_{'a' * 43}{'z' * 22}"
    return {
        "changed": f"{body[:-30]}{other}{body[-29:]}_{checksum}",
        "checksum": f"{body}_{'0' * 6 if checksum != '0' * 6 else '1' * 6}",
        "cut": text[:-1],
        "longer": f"{text}0",
        "broken line": f"{body}\x0b_{checksum}",
        "digits": f"{body[:-1]}٣_{checksum}",
        "no number of a team": f"{beyond}_{_checksum(beyond)}",
        "prefix alone": f"{PREFIX}_",
        "empty": "",
        "another's": "sk-proj-1234567890",
        "nul": f"{body}\0_{checksum}",
    }


@pytest.mark.parametrize("how", spoilt("parley_" + "a" * 65 + "_000000"))
def test_what_cannot_be_a_key_is_401_without_asking_the_database(cast, how):
    text = spoilt(new_key(cast.owner)[1])[how]
    with CaptureQueriesContext(connection) as queries:
        answer = ask({"x-api-key": text})
    assert is_refused(answer)
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        answer = ask({"authorization": f"Bearer {text}"})
    assert answer.status_code == 401
    assert len(queries) == 0


def test_the_text_of_a_key_names_its_team_and_nothing_of_it_is_kept(cast):
    key, text = new_key(cast.owner)
    assert team_of_key(text) == cast.team.id
    assert re.fullmatch(r"parley_[0-9A-Za-z]{65}_[0-9A-Za-z]{6}", text)
    kept = " ".join(str(getattr(key, field.attname)) for field in ApiKey._meta.concrete_fields)
    assert text.startswith(key.key_prefix)
    assert text[len(key.key_prefix) : -7] not in kept
    assert len(key.key_prefix) < 20


def test_a_key_moved_to_another_team_is_unknown_there(cast):
    _, text = new_key(cast.owner)
    body = text.rpartition("_")[0][:-22] + _base62(cast.other_team.id.int, 22)
    assert team_of_key(forged := f"{body}_{_checksum(body)}") == cast.other_team.id
    assert set(forged) <= {*ALPHABET, "_"}
    assert is_refused(ask(with_key(forged)))


def revoke(key: ApiKey) -> None:
    change(key, revoked_at=timezone.now())


def expire(key: ApiKey) -> None:
    change(key, expires_at=timezone.now() - timedelta(seconds=1))


def deactivate(key: ApiKey) -> None:
    with tenant_scope(key.team_id):
        User.objects.filter(id=key.user_id).update(is_active=False)


def close_team(key: ApiKey) -> None:
    Team.objects.filter(id=key.team_id).update(is_active=False)


def lock_out(key: ApiKey) -> None:
    change(key, allowed_networks=["192.0.2.0/24"])


@pytest.mark.parametrize("end", [revoke, expire, deactivate, close_team, lock_out])
@pytest.mark.parametrize("header", HEADERS)
def test_a_key_ends_at_the_next_request(cast, header, end):
    key, text = new_key(cast.owner, expires_days=1)
    _, other = new_key(cast.outsider)
    assert ask(with_key(text, header=header)).status_code == 200
    end(key)
    assert is_refused(ask(with_key(text, header=header)))
    assert ask(with_key(other, header=header)).status_code == 200


@pytest.mark.parametrize(
    ("networks", "peer", "proxies", "forwarded", "lets_in"),
    [
        (["192.0.2.0/24"], "192.0.2.7", 0, "", True),
        (["192.0.2.0/24"], "192.0.3.7", 0, "", False),
        (["192.0.2.7"], "192.0.2.7", 0, "", True),
        (["2001:db8::/32"], "2001:db8::1", 0, "", True),
        (["2001:db8::/32"], "2001:db9::1", 0, "", False),
        (["2001:db8::/32", "192.0.2.0/24"], "192.0.2.7", 0, "", True),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", 0, "", True),
        (["::/0"], "192.0.2.7", 0, "", False),
        (["0.0.0.0/0"], "2001:db8::1", 0, "", False),
        (["fe80::/10"], "fe80::1%eth0", 0, "", True),
        (["192.0.2.0/24"], "10.0.0.1", 0, "192.0.2.7", False),
        (["192.0.2.0/24"], "10.0.0.1", 1, "192.0.2.7", True),
        (["192.0.2.0/24"], "10.0.0.1", 1, "192.0.2.7, 203.0.113.1", False),
        (["192.0.2.0/24"], "10.0.0.1", 2, "192.0.2.7, 203.0.113.1", True),
        (["0.0.0.0/0", "::/0"], "", 0, "", False),
    ],
)
def test_a_key_is_good_from_its_networks_alone(cast, settings, networks, peer, proxies, forwarded, lets_in):
    settings.TRUSTED_PROXY_COUNT = proxies
    key, text = new_key(cast.owner, allowed_networks=networks)
    headers = with_key(text) | ({"x-forwarded-for": forwarded} if forwarded else {})
    answer = ask(headers, REMOTE_ADDR=peer)
    assert (answer.status_code == 200) is lets_in
    assert lets_in or is_refused(answer)
    assert (seen(key).last_used_at is not None) is lets_in


@pytest.mark.django_db(transaction=True)
def test_a_socket_is_held_to_the_same_networks(cast):
    key, text = new_key(cast.owner, allowed_networks=["192.0.2.0/24"])
    handshake = async_to_sync(from_handshake)
    assert handshake({"X-Api-Key": text}, peer="192.0.2.1", cookies_count=False).credential_id == str(key.id)
    assert handshake({"X-Api-Key": text}, peer="198.51.100.1", cookies_count=False) is None


@pytest.mark.django_db(transaction=True)
def test_a_key_that_needs_signatures_opens_no_socket_and_no_unsigned_call(cast):
    _, text = new_key(cast.owner, needs_signature=True)
    assert async_to_sync(from_handshake)({"X-Api-Key": text}, peer="", cookies_count=False) is None
    assert is_refused(ask(with_key(text)), "BAD_SIGNATURE")


# Several credentials at once


def test_bearer_comes_before_the_other_header(cast):
    _, own = new_key(cast.owner)
    _, other = new_key(cast.teammate)
    both = {"authorization": f"Bearer {own}", "x-api-key": other}
    assert ask(both).json()["email"] == "owner@ours.org"
    assert is_refused(ask({**both, "authorization": f"Bearer {new_text(cast.team.id)}"}))
    assert is_refused(ask({**both, "authorization": "Bearer nonsense"}), "BAD_TOKEN")
    assert is_refused(ask({**both, "authorization": "Bearer"}), "BAD_TOKEN")


def test_a_proxys_basic_credentials_do_not_hide_a_key(cast):
    _, text = new_key(cast.owner)
    assert ask({"authorization": "Basic dTpw", "x-api-key": text}).status_code == 200


@pytest.mark.parametrize("path", [ME, "/api/chats"])
def test_a_bad_key_never_falls_back_to_a_cookie(cast, signed_in, path):
    for text in (new_text(cast.team.id), "nonsense", ""):
        assert is_refused(ask({"x-api-key": text}, path, client=signed_in))
    assert ask({"authorization": f"Bearer {new_text(cast.team.id)}"}, path, client=signed_in).status_code == 401


def test_the_key_says_who_asks_and_not_the_cookie(cast, signed_in):
    _, text = new_key(cast.outsider)
    assert ask(with_key(text), client=signed_in).json()["email"] == "outsider@theirs.org"
    _, narrow = new_key(cast.owner, [Scope.AGENTS_READ])
    assert ask(with_key(narrow), client=signed_in).status_code == 403


def test_a_browser_on_another_site_cannot_lend_a_key_the_cookie(cast, signed_in):
    """A key makes a request pass the protection against other sites; then the key alone says who asks."""
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = signed_in.put(ME, {"full_name": "Evil"}, "application/json", headers={**foreign, "x-api-key": "x"})
    assert answer.status_code == 401
    assert signed_in.get(ME).json()["full_name"] != "Evil"
    _, text = new_key(cast.owner)
    answer = signed_in.put(ME, {"full_name": "Me"}, "application/json", headers={**foreign, "x-api-key": text})
    assert (answer.status_code, answer.json()["full_name"]) == (200, "Me")
    assert signed_in.put(ME, {}, "application/json", headers=foreign).status_code == 403


# Where a key is nobody


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("path", ["/profile", "/chats", "/chats/new", "/admin/", "/admin/accounts/user/"])
def test_on_pages_and_in_the_admin_a_key_is_nobody(cast, path, header):
    for owner in (cast.admin, cast.operator, cast.team):
        _, text = new_key(owner)
        answer = ask(with_key(text, header=header), path)
        assert answer.status_code == 302
        assert re.match(r"/sign-in|/admin/login", answer["Location"])
        sign_in = ask(with_key(text, header=header), answer["Location"])
        assert sign_in.status_code == 200  # and no way back to the page, which would be a loop
        assert "@ours.org" not in sign_in.content.decode()
        assert cast.team.name not in sign_in.content.decode()


@pytest.mark.parametrize("path", ["/profile", "/chats", "/admin/"])
def test_beside_a_key_the_browsers_session_does_not_count_on_pages(cast, signed_in, path):
    for text in (new_key(cast.owner)[1], new_text(cast.team.id)):
        assert ask(with_key(text), path, client=signed_in).status_code == 302
    assert ask({}, "/profile", client=signed_in).status_code == 200


def test_a_key_signs_nobody_out(cast, signed_in):
    _, text = new_key(cast.owner)
    assert Client().post("/api/auth/logout", headers=with_key(text)).status_code == 200
    assert ask(with_key(text)).status_code == 200
    assert signed_in.get(ME).status_code == 200


# Last use


def test_the_last_use_is_noted_once_a_minute_with_the_neighbourhood(cast):
    key, text = new_key(cast.owner)
    assert seen(key).last_used_at is None
    ask(with_key(text), REMOTE_ADDR="192.0.2.77")
    first = seen(key)
    assert timezone.now() - first.last_used_at < timedelta(seconds=10)
    assert first.last_used_from == "192.0.2.0/24"
    ask(with_key(text), REMOTE_ADDR="203.0.113.1")
    assert (seen(key).last_used_at, seen(key).last_used_from) == (first.last_used_at, "192.0.2.0/24")
    change(key, last_used_at=first.last_used_at - timedelta(seconds=61))
    ask(with_key(text), REMOTE_ADDR="2001:db8:1:2::3")
    assert seen(key).last_used_at > first.last_used_at
    assert seen(key).last_used_from == "2001:db8:1::/48"


def test_an_address_with_a_zone_is_noted_without_it(cast):
    key, text = new_key(cast.owner)
    assert ask(with_key(text), REMOTE_ADDR="fe80::1%eth0").status_code == 200
    assert seen(key).last_used_from == "fe80::/48"


@pytest.mark.django_db(transaction=True)
def test_of_many_uses_at_once_one_is_noted(cast):
    key, text = new_key(cast.owner)
    written: list[str] = []

    def use(number: int) -> int:
        with connection.execute_wrapper(_noting(written)):
            return ask(with_key(text), REMOTE_ADDR=f"10.{number}.0.1").status_code

    assert at_once(12, use) == [200] * 12
    assert written.count("changed") == 1
    assert re.fullmatch(r"10\.\d+\.0\.0/24", seen(key).last_used_from)


def _noting(written: list[str]) -> Any:
    """Note for each UPDATE of a key whether it changed a row."""

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and "accounts_apikey" in sql:
            written.append("changed" if context["cursor"].rowcount else "too late")
        return result

    return run


@pytest.mark.parametrize("others", [0, 5])
def test_a_key_is_found_with_one_query_however_many_there_are(cast, others):
    for _ in range(others):
        new_key(cast.owner)
    _, text = new_key(cast.owner)
    ask(with_key(text))
    with CaptureQueriesContext(connection) as queries:
        assert ask(with_key(text)).status_code == 200
    assert len([query for query in queries if "accounts_apikey" in query["sql"]]) == 1
    assert not any(query["sql"].startswith(("UPDATE", "INSERT")) for query in queries)


def test_a_refused_key_leaves_no_trace_of_use(cast):
    key, text = new_key(cast.owner)
    revoke(key)
    ask(with_key(text))
    with unsafe_all_tenants(reason="look"):
        assert not ApiKey.objects.exclude(last_used_at=None).exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/auth/sync-oauth-user"), ("POST", "/v1/auth/me"), ("PUT", "/v1/auth/api-keys"), ("PUT", "/api/chats")],
)
def test_a_method_that_a_call_does_not_have_is_refused_as_such_whatever_opens_it(cast, method, path):
    for owner in (cast.owner, cast.team):
        answer = ApiClient(headers=with_key(new_key(owner)[1])).generic(method, path)
        assert (answer.status_code, answer.json()["error_code"]) == (405, "METHOD_NOT_ALLOWED")
        assert method not in answer["Allow"]
