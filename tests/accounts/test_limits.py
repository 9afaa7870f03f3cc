"""The limits hold exactly, also against tries at the same moment and invented addresses."""

from datetime import timedelta
from ipaddress import ip_address

import pytest
from django.db import transaction
from django.test import RequestFactory

from accounts import limits
from accounts.addresses import client_address, network
from accounts.models import RateWindow
from tenants.exceptions import TooManyRequests
from tests.accounts.conftest import ApiClient
from tests.accounts.parallel import at_once


def is_let_through(number: int = 0) -> bool:
    try:
        limits.count_sign_in(address=ip_address("192.0.2.1"))
    except TooManyRequests:
        return False
    return True


def age_windows(seconds: int) -> None:
    for window in RateWindow.objects.all():
        window.started_at -= timedelta(seconds=seconds)
        window.save()


@pytest.mark.django_db(transaction=True)
def test_of_30_tries_at_once_exactly_the_limit_passes():
    assert sum(at_once(30, is_let_through)) == 5
    assert RateWindow.objects.get().count == 30


@pytest.mark.django_db(transaction=True)
def test_of_30_wrong_passwords_at_once_exactly_the_limit_is_looked_at(cast, settings):
    settings.LOGIN_RATE_PER_MINUTE = 1000

    def guess(number: int) -> int:
        return ApiClient(REMOTE_ADDR=f"192.0.2.{number}").login(password="wrong").status_code

    answers = at_once(30, guess)
    assert (answers.count(401), answers.count(429)) == (10, 20)
    assert ApiClient(REMOTE_ADDR="198.51.100.1").login().status_code == 429


@pytest.mark.django_db
def test_a_window_begins_at_the_first_try_and_ends_a_minute_later():
    assert [is_let_through() for _ in range(6)] == [True] * 5 + [False]
    age_windows(59)
    assert not is_let_through()
    age_windows(1)
    assert is_let_through()
    assert RateWindow.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
def test_a_count_cannot_be_undone_by_an_outer_transaction():
    with pytest.raises(RuntimeError), transaction.atomic():
        limits.count_sign_in(address=ip_address("192.0.2.1"))


@pytest.mark.django_db
def test_windows_that_no_longer_count_are_forgotten():
    limits.count_sign_in(address=ip_address("192.0.2.1"))
    age_windows(60 * 60)
    limits.count_sign_in(address=ip_address("192.0.2.2"))
    assert [window.key for window in RateWindow.objects.all()] == ["address:192.0.2.2"]


def test_the_sixth_try_is_429_and_says_when_to_come_back(cast, api):
    answers = [api.login(password="wrong") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1].json()["error_code"] == "RATE_LIMITED"


def test_good_tries_count_too(cast, api):
    assert [api.login().status_code for _ in range(6)] == [200] * 5 + [429]


def test_the_page_and_the_api_count_together(cast, api):
    for _ in range(3):
        api.login(password="wrong")
    for _ in range(2):
        api.post("/sign-in", {"email": "owner@ours.org", "password": "wrong"})
    assert api.login().status_code == 429
    page = api.post("/sign-in", {"email": "owner@ours.org", "password": "wrong"})
    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= 60
    assert f"Try again in {page['Retry-After']} second" in page.content.decode()


def test_ten_failures_lock_an_account_whatever_the_address_and_the_team(cast, settings):
    settings.LOGIN_RATE_PER_MINUTE = 1000
    for number in range(10):
        team = {"team": "ours"} if number % 2 else {}
        ApiClient(REMOTE_ADDR=f"192.0.2.{number}").login(password="wrong", **team)
    locked = ApiClient(REMOTE_ADDR="198.51.100.1").login()
    assert locked.status_code == 429
    assert 60 < int(locked["Retry-After"]) <= 15 * 60
    assert ApiClient(REMOTE_ADDR="198.51.100.1").login("teammate@ours.org").status_code == 200
    age_windows(15 * 60)
    assert ApiClient(REMOTE_ADDR="198.51.100.1").login().status_code == 200


def test_good_tries_do_not_lock_an_account(cast, settings, api):
    settings.LOGIN_RATE_PER_MINUTE = 1000
    assert {api.login().status_code for _ in range(12)} == {200}


def test_an_unknown_account_is_locked_like_a_known_one(cast, settings, api):
    settings.LOGIN_RATE_PER_MINUTE = 1000
    answers = [api.login("nobody@ours.org", "wrong").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]


def test_invented_forwarded_addresses_do_not_help(cast):
    answers = [
        ApiClient(headers={"x-forwarded-for": f"203.0.113.{number}"}).login(password="wrong").status_code
        for number in range(7)
    ]
    assert answers == [401] * 5 + [429] * 2


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "203.0.113.9", "local"),
        (1, "", "192.0.2.1"),
        (1, "nonsense", "local"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_client_is_as_far_from_the_right_as_there_are_trusted_proxies(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    request = RequestFactory(REMOTE_ADDR="192.0.2.1", headers=headers).get("/")
    assert network(client_address(request)) == expected


def test_one_v6_network_is_one_address():
    requests = [RequestFactory(REMOTE_ADDR=f"2001:db8::{number}").get("/") for number in (1, 2)]
    assert {network(client_address(request)) for request in requests} == {"2001:db8::/64"}
