"""A token of Stack Auth: what it opens, and every way in which it is not good enough.

The keys are published by a real HTTP server on loopback.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from accounts import stack_auth
from accounts.models import AuditEntry, ExternalIdentity, User
from tenants.scope import tenant_scope
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.accounts.test_bad_input import assert_refused
from tests.keys import new_key, with_key
from tests.servers import free_port

pytestmark = pytest.mark.django_db
SYNC = "/v1/auth/sync-stack-user"
PROJECT = "b3f7c1d2-0000-4000-8000-000000000001"
ISSUER = f"https://api.stack-auth.com/api/v1/projects/{PROJECT}"
WHO = {"stack_user_id": "stack-1", "email": "new@example.org"}
KEY, OTHER_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
Answer = Any


def published(key: Any = KEY, kid: str = "k1", **more: Any) -> dict[str, Any]:
    """Return the public half of a key as a JWKS shows it."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


class Provider:
    """Stack Auth's end: a server whose every answer the test decides."""

    def __init__(self) -> None:
        self.status, self.location, self.body = 200, "", self.jwks(published())
        self.asked: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                provider.hold.wait(20)
                self.send_response(provider.status)
                if provider.location:
                    self.send_header("Location", provider.location)
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(provider.body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks.json"

    @staticmethod
    def jwks(*keys: dict[str, Any]) -> bytes:
        return json.dumps({"keys": list(keys)}).encode()


@pytest.fixture
def provider(cast: Any, settings: Any) -> Iterator[Provider]:
    provider = Provider()
    settings.STACK_AUTH_PROJECT_ID, settings.STACK_AUTH_TEAM = PROJECT, "ours"
    settings.STACK_AUTH_ISSUER, settings.STACK_AUTH_JWKS_URL = ISSUER, provider.url
    thread = threading.Thread(target=provider.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.hold.set()
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()


@pytest.fixture
def clock(monkeypatch: Any) -> Any:
    """Let a test move the clock by which keys grow old."""

    class Clock:
        ahead = 0.0

    monkeypatch.setattr(stack_auth, "monotonic", lambda: time.monotonic() + Clock.ahead)
    return Clock


def claims(**other: Any) -> dict[str, Any]:
    """Return what a token of a normal user says; `other` replaces some of it, None leaves it out."""
    now = int(time.time())
    said = {
        "sub": "stack-1",
        "iss": ISSUER,
        "aud": PROJECT,
        "iat": now,
        "exp": now + 600,
        "project_id": PROJECT,
        "branch_id": "main",
        "refresh_token_id": "r",
        "role": "authenticated",
        "name": "Nina",
        "email": "new@example.org",
        "email_verified": True,
        "selected_team_id": None,
        "is_anonymous": False,
        "is_restricted": False,
        **other,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(key: Any = KEY, kid: str | None = "k1", algorithm: str = "ES256", **other: Any) -> str:
    return jwt.encode(claims(**other), key, algorithm, headers={"kid": kid} if kid else {})


def sync(bearer: str, **body: Any) -> Answer:
    return ApiClient(headers={"authorization": f"Bearer {bearer}"}).send(SYNC, {**WHO, **body})


def refused(answer: Answer, status: int = 401, code: str = "BAD_TOKEN") -> bool:
    assert_refused(answer, status)
    with_challenge = status != 401 or "WWW-Authenticate" in answer.headers
    return with_challenge and answer.json()["error_code"] == code


def nobody_came(cast: Any) -> bool:
    with tenant_scope(cast.team.id):
        return User.objects.count() == 3 and not ExternalIdentity.objects.exists()


# What it opens


def test_a_good_token_brings_its_person_in(cast, provider):
    answer = sync(token(), full_name="Nina New")
    body = answer.json()
    assert (answer.status_code, body["is_new"], body["tier"], body["email"]) == (201, True, "none", "new@example.org")
    assert answer["Cache-Control"] == "private, no-store"
    me = ApiClient(headers=with_key(body["api_key"])).get("/api/auth/me").json()
    assert (me["id"], me["team_id"], me["full_name"]) == (body["user_id"], str(cast.team.id), "Nina New")
    with tenant_scope(cast.team.id):
        link = ExternalIdentity.objects.get()
        assert not AuditEntry.objects.filter(details__icontains=body["api_key"]).exists()
    assert (link.provider, link.subject, link.email_verified) == ("stack", "stack-1", True)
    assert sync(token()).json()["api_key"] is None


def test_a_good_token_leads_to_the_account_of_its_verified_address(cast, provider):
    answer = sync(token(email="Owner@Ours.org"), email="owner@ours.org", email_verified=False)
    assert (answer.status_code, answer.json()["user_id"]) == (201, str(cast.owner.id))


def test_a_token_and_the_back_end_know_the_same_person(cast, provider):
    first = sync(token()).json()
    by_key = ApiClient(headers=with_key(new_key(cast.team)[1])).send(SYNC, WHO).json()
    assert (by_key["user_id"], by_key["is_new"]) == (first["user_id"], False)


def test_a_token_is_no_credential_elsewhere(provider):
    client = ApiClient(headers={"authorization": f"Bearer {token()}"})
    body = {"user_id": "stack-1", "email": "new@example.org", "email_verified": True}
    assert refused(client.send("/v1/auth/sync-oauth-user", body))
    assert refused(client.get("/v1/auth/api-keys"))
    assert refused(client.get("/api/auth/me"))


# What is not good enough


def forged_with_the_public_key() -> str:
    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def part(value: Any) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = part({"alg": "HS256", "typ": "JWT", "kid": "k1"}) + b"." + part(claims())
    mac = base64.urlsafe_b64encode(hmac.new(pem, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + mac).decode()


def tampered() -> str:
    head, _, signature = token().split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims(sub="stack-2")).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


BAD = {
    "signed with another key under the same id": lambda: token(OTHER_KEY),
    "changed after it was signed": tampered,
    "without a signature": lambda: token("", algorithm="none"),
    "HMAC with the public key": forged_with_the_public_key,
    "another algorithm": lambda: token(rsa.generate_private_key(65537, 2048), algorithm="RS256"),
    "another curve": lambda: token(ec.generate_private_key(ec.SECP384R1()), algorithm="ES384"),
    "an unknown key": lambda: token(kid="k2"),
    "no key named": lambda: token(kid=None),
    "expired": lambda: token(iat=int(time.time()) - 700, exp=int(time.time()) - 100),
    "without an end": lambda: token(exp=None),
    "without a beginning": lambda: token(iat=None),
    "too long a life": lambda: token(exp=int(time.time()) + 3600),
    "from the future": lambda: token(iat=int(time.time()) + 100, exp=int(time.time()) + 200),
    "not yet": lambda: token(nbf=int(time.time()) + 100),
    "an anonymous user's": lambda: token(aud=f"{PROJECT}:anon"),
    "a restricted user's": lambda: token(aud=f"{PROJECT}:restricted"),
    "a list with the audience": lambda: token(aud=[PROJECT, "other"]),
    "without an audience": lambda: token(aud=None),
    "another project's": lambda: token(aud="other", iss=ISSUER.replace(PROJECT, "other")),
    "another issuer": lambda: token(iss=f"{ISSUER}/"),
    "the anonymous users' issuer": lambda: token(iss=ISSUER.replace("projects", "projects-anonymous-users")),
    "without an issuer": lambda: token(iss=None),
    "of somebody anonymous": lambda: token(is_anonymous=True),
    "of somebody restricted": lambda: token(is_restricted=True),
    "another person's": lambda: token(sub="stack-2"),
    "nobody's": lambda: token(sub=None),
    "another e-mail": lambda: token(email="owner@ours.org"),
    "no e-mail": lambda: token(email=None),
    "an e-mail that is no text": lambda: token(email=["new@example.org"]),
    "an end that is no number": lambda: token(exp="soon"),
    "no token at all": lambda: "x",
    "three parts of nothing": lambda: "..",
    "a head that is no object": lambda: f"{base64.urlsafe_b64encode(b'[]').decode()}.e30.AAAA",
    "a deep head": lambda: f"{base64.urlsafe_b64encode(b'[' * 6000).decode()}.e30.AAAA",
}


def test_a_bad_token_is_401_and_brings_nobody_in(cast, provider):
    for kind, make in BAD.items():
        assert refused(sync(make(), email_verified=True)), kind
        assert nobody_came(cast), kind
    assert len(provider.asked) == 1
    assert sync(token()).status_code == 201


@pytest.mark.parametrize("word", [False, None, "true", 1])
def test_an_address_that_stack_auth_has_not_verified_brings_nobody_in(cast, provider, word):
    for email in ("new@example.org", "owner@ours.org"):
        answer = sync(token(email=email, email_verified=word), email=email, email_verified=True)
        assert refused(answer, 403, "EMAIL_NOT_VERIFIED")
    assert nobody_came(cast)


def test_a_victims_address_in_the_body_gains_nothing(cast, provider):
    assert refused(sync(token(), email="owner@ours.org", email_verified=True))
    assert refused(sync(token(), stack_user_id="stack-2", email_verified=True))
    assert nobody_came(cast)


def test_a_bad_body_is_400_also_with_a_good_token(provider):
    assert_refused(sync(token(), email="x"), 400)


@pytest.mark.parametrize("missing", ["STACK_AUTH_PROJECT_ID", "STACK_AUTH_TEAM"])
def test_without_the_settings_no_token_is_good(cast, provider, settings, missing):
    setattr(settings, missing, "")
    assert refused(sync(token()))
    assert nobody_came(cast)


def test_a_closed_team_takes_nobody(cast, provider):
    cast.team.is_active = False
    cast.team.save()
    assert refused(sync(token()))


def test_our_own_tokens_are_asked_about_at_no_provider(cast, client_of, provider):
    client = client_of(cast.owner)
    assert_refused(client.post(SYNC, WHO, content_type="application/json"), 403)
    assert provider.asked == []


# The keys


def away(answer: Answer) -> bool:
    return refused(answer, 503, "IDENTITY_PROVIDER_UNAVAILABLE")


def test_keys_are_asked_for_once_in_five_minutes(provider, clock):
    for _ in range(3):
        assert sync(token()).status_code == 201
    clock.ahead = 299
    assert sync(token()).status_code == 201
    assert provider.asked == ["/jwks.json"]
    clock.ahead = 301
    assert sync(token()).status_code == 201
    assert len(provider.asked) == 2


def test_a_key_taken_back_is_bad_after_five_minutes(provider, clock):
    assert sync(token()).status_code == 201
    provider.body = provider.jwks(published(OTHER_KEY, "k2"))
    clock.ahead = 301
    assert refused(sync(token()))


def test_a_new_key_is_found_and_invented_ones_are_asked_for_once_a_minute(provider, clock):
    assert sync(token()).status_code == 201
    clock.ahead = 61
    for number in range(5):
        assert refused(sync(token(OTHER_KEY, f"invented-{number}")))
    assert len(provider.asked) == 2
    provider.body = provider.jwks(published(), published(OTHER_KEY, "k2"))
    assert refused(sync(token(OTHER_KEY, "k2")))
    clock.ahead = 122
    assert sync(token(OTHER_KEY, "k2")).status_code == 201
    assert len(provider.asked) == 3


def test_while_the_provider_is_away_the_keys_that_are_kept_are_good_until_they_are_old(cast, provider, clock):
    assert sync(token()).status_code == 201
    provider.status = 500
    clock.ahead = 290
    assert refused(sync(token(kid="k2")))
    assert sync(token()).status_code == 201
    clock.ahead = 301
    assert away(sync(token()))
    provider.status = 200
    clock.ahead = 310
    assert sync(token()).status_code == 201


def test_when_nobody_answers_it_is_503_and_nobody_comes_in(cast, provider, settings):
    settings.STACK_AUTH_JWKS_URL = f"http://127.0.0.1:{free_port()}/jwks.json"
    assert away(sync(token()))
    assert nobody_came(cast)


def test_a_provider_that_is_away_is_asked_again_after_a_pause(provider, clock):
    provider.status = 500
    for _ in range(3):
        assert away(sync(token()))
    assert len(provider.asked) == 1
    provider.status = 200
    clock.ahead = 6
    assert sync(token()).status_code == 201


def test_a_provider_that_never_answers_holds_nobody_for_long(provider, monkeypatch):
    monkeypatch.setattr(stack_auth, "FETCH_SECONDS", 0.2)
    provider.hold.clear()
    began = time.monotonic()
    assert away(sync(token()))
    assert time.monotonic() - began < 5


def test_no_redirect_is_followed(cast, provider):
    provider.status, provider.location = 302, provider.url.replace("jwks.json", "other.json")
    assert away(sync(token()))
    assert provider.asked == ["/jwks.json"]
    assert nobody_came(cast)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [5, null, {}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": "AA", "y": 5}]}',
        b'{"keys": ' + b"[" * 50_000,
        b'{"keys": ["\xff"]}',
        Provider.jwks(published(kid="k1"), *[published(kid="x" * 1000)] * 100),
    ],
)
def test_what_is_no_set_of_keys_is_503(cast, provider, body):
    provider.body = body
    assert away(sync(token()))
    assert nobody_came(cast)


def test_keys_of_another_kind_are_passed_over(cast, provider):
    private = rsa.generate_private_key(65537, 2048)
    provider.body = provider.jwks(
        published(private, "k1"),
        published(OTHER_KEY, "k2", use="enc"),
        published(OTHER_KEY, "k3", alg="ES512"),
        published(kid="k4"),
    )
    for kid, key in (("k1", private), ("k2", OTHER_KEY), ("k3", OTHER_KEY)):
        assert refused(sync(token(key, kid, "RS256" if key is private else "ES256")))
    assert refused(sync(token(kid="k1")))
    assert sync(token(kid="k4")).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_many_first_tokens_at_once_one_asks_for_the_keys_and_one_person_comes_in(cast, provider):
    bearer = token()
    answers = at_once(12, lambda number: sync(bearer))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["user_id"] for answer in answers}) == 1
    assert len([answer for answer in answers if answer.json()["api_key"]]) == 1
    assert len(provider.asked) == 1
