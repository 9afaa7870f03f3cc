"""Signed requests: whole, new, and sent once."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from accounts.models import RateWindow
from accounts.resolver import from_handshake
from accounts.signatures import signature
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once
from tests.keys import new_key, with_key

pytestmark = pytest.mark.django_db
SYNC = "/v1/auth/sync-oauth-user"
BODY = json.dumps({"user_id": "1", "email": "new@example.org"}).encode()
Answer = Any


@pytest.fixture
def key(cast: Any) -> str:
    """The text of a key that needs a signature."""
    return new_key(cast.team, needs_signature=True)[1]


def signed(key: str, *, message_id: str = "msg_1", at: float = 0, body: bytes = BODY, **other: str) -> dict[str, str]:
    """Return the headers of a request that was signed so many seconds from now; `other` replaces some."""
    timestamp = str(int(time.time() + at))
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(key, message_id, timestamp, body),
    }
    return {**headers, **{name.replace("_", "-"): text for name, text in other.items()}}


def send(key: str, headers: dict[str, str], body: bytes = BODY, *, header: str = "x-api-key") -> Answer:
    return ApiClient().post(SYNC, body, "application/json", headers={**with_key(key, header=header), **headers})


def is_refused(answer: Answer) -> bool:
    return (answer.status_code, answer.json()["error_code"]) == (401, "BAD_SIGNATURE")


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_a_good_signature_opens(key, header):
    assert send(key, signed(key), header=header).status_code == 201


def test_the_signature_is_the_one_of_standard_webhooks():
    # Computed with: printf 'msg_1.1614265330.{"a":1}' | openssl dgst -sha256 -hmac parley_x -binary | base64
    assert signature("parley_x", "msg_1", "1614265330", b'{"a":1}') == "v1,yTUkEadalktcrGu6gqeacHFGbTcuFm9faV5c584kjuo="


def test_a_key_that_needs_a_signature_does_nothing_without_one(key):
    assert is_refused(send(key, {}))


@pytest.mark.parametrize("left_out", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("needs", [True, False])
def test_each_of_the_headers_is_needed_once_there_is_one(cast, needs, left_out):
    _, key = new_key(cast.team, needs_signature=needs)
    headers = signed(key)
    del headers[left_out]
    assert is_refused(send(key, headers))


def test_a_key_that_needs_none_is_held_to_the_one_it_brings(cast):
    _, key = new_key(cast.team)
    assert send(key, {}).status_code == 201
    assert send(key, signed(key)).status_code == 201
    assert is_refused(send(key, signed(key, body=b"{}", message_id="msg_2")))


@pytest.mark.parametrize(
    "other",
    [
        {"webhook_id": "msg_2"},
        {"webhook_id": ""},
        {"webhook_id": "a.b"},
        {"webhook_id": "x" * 257},
        {"webhook_timestamp": "0"},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": "-1"},
        {"webhook_timestamp": "٣"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,é"},
        {"webhook_signature": "v1a,AAAA"},
    ],
)
def test_a_wrong_header_is_401(key, other):
    assert is_refused(send(key, signed(key, **other)))


def test_another_body_or_another_key_is_401(cast, key):
    assert is_refused(send(key, signed(key), BODY + b" "))
    assert is_refused(send(key, signed(new_key(cast.team)[1])))
    assert is_refused(send(key, signed(key[:-1])))


def test_one_good_signature_among_several_is_enough(key):
    headers = signed(key)
    assert (
        send(key, {**headers, "webhook-signature": f"v1,AAAA {headers['webhook-signature']} v2,x"}).status_code == 201
    )


@pytest.mark.parametrize(("at", "is_good"), [(-310, False), (-290, True), (290, True), (310, False)])
def test_a_signature_is_good_for_five_minutes_either_way(key, at, is_good):
    answer = send(key, signed(key, at=at))
    assert answer.status_code == 201 if is_good else is_refused(answer)


def test_a_request_repeated_is_401_also_when_signed_anew(key):
    headers = signed(key)
    assert send(key, headers).status_code == 201
    assert is_refused(send(key, headers))
    assert is_refused(send(key, signed(key, at=-5)))
    assert send(key, signed(key, message_id="msg_2")).status_code == 201


def test_an_id_is_remembered_for_as_long_as_its_request_could_be_believed(key):
    headers = signed(key, at=299)
    send(key, headers)
    for window in RateWindow.objects.all():
        window.started_at -= timedelta(seconds=599)
        window.save()
    assert is_refused(send(key, headers))


def test_the_same_id_of_another_key_is_another_request(cast, key):
    _, other = new_key(cast.team)
    assert [send(text, signed(text)).status_code for text in (key, other)] == [201, 201]


def test_a_forged_request_does_not_use_up_the_id(key):
    assert is_refused(send(key, signed(key, webhook_signature="v1,AAAA")))
    assert send(key, signed(key)).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_many_copies_at_once_one_is_let_in(key):
    headers = signed(key)
    answers = at_once(8, lambda number: send(key, headers).status_code)
    assert (answers.count(201), answers.count(401)) == (1, 7)


def test_a_key_made_by_such_a_key_needs_a_signature_too(cast):
    _, key = new_key(cast.owner, needs_signature=True)
    headers = {**with_key(key), **signed(key, body=b"{}")}
    made = ApiClient().post("/v1/auth/api-keys", b"{}", "application/json", headers=headers).json()["api_key"]
    assert is_refused(ApiClient(headers=with_key(made)).get("/api/auth/me"))
    assert ApiClient(headers={**with_key(made), **signed(made, body=b"")}).get("/api/auth/me").status_code == 200


def test_what_is_too_large_to_be_signed_is_413(key):
    body = b" " * 10 * 2**20
    assert send(key, signed(key, body=body), body).status_code == 413


@pytest.mark.django_db(transaction=True)
def test_a_socket_cannot_be_signed_and_stays_closed_to_such_a_key(cast):
    for needs in (False, True):
        _, key = new_key(cast.owner, needs_signature=needs)
        principal = async_to_sync(from_handshake)({"X-Api-Key": key}, peer="127.0.0.1", cookies_count=False)
        assert (principal is None) == needs
