"""A page session is found by its cookie alone: the key in the database signs nobody in."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.sessions import SessionStore
from tests.conftest import Cast
from tests.factories import PASSWORD

COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def browser(cast: Cast) -> Client:
    client = Client()
    assert client.post("/sign-in", {"email": cast.owner.email, "password": PASSWORD}).status_code == 302
    return client


def opens(key: str) -> bool:
    client = Client()
    client.cookies[COOKIE] = key
    return client.get("/profile").status_code == 200


def test_the_cookie_opens_the_page_and_the_row_does_not(browser: Client) -> None:
    row = Session.objects.get()
    cookie = browser.cookies[COOKIE].value
    assert opens(cookie)
    assert not opens(row.session_key)
    assert cookie not in {row.session_key, row.session_data}
    assert cookie not in str(row.get_decoded())


def test_signing_out_ends_the_row_and_the_cookie(browser: Client) -> None:
    cookie = browser.cookies[COOKIE].value
    browser.post("/sign-out")
    assert not opens(cookie)
    assert not any("_auth_user_id" in row.get_decoded() for row in Session.objects.all())


def test_a_row_of_the_time_before_opens_nothing(browser: Client) -> None:
    """Then the key itself stood in the database."""
    row = Session.objects.get()
    Session.objects.create(session_key="o" * 32, session_data=row.session_data, expire_date=row.expire_date)
    assert not opens("o" * 32)


def test_a_new_key_takes_the_data_along_and_ends_the_old_one(db: Any) -> None:
    store = SessionStore()
    store["kept"] = "yes"
    store.save()
    old = store.session_key
    store.cycle_key()
    store.save()
    assert store.session_key != old
    assert SessionStore(store.session_key)["kept"] == "yes"
    assert "kept" not in SessionStore(old)
    assert not SessionStore().exists(old)
    assert SessionStore().exists(store.session_key)
    assert Session.objects.count() == 1


def test_flushing_and_deleting_leave_nothing(db: Any) -> None:
    for end in (SessionStore.flush, SessionStore.delete):
        store = SessionStore()
        store.create()
        end(store)
        assert not Session.objects.exists()
    SessionStore().delete()


def test_an_expired_session_is_none_and_is_cleared(db: Any) -> None:
    store = SessionStore()
    store["kept"] = "yes"
    store.save()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert "kept" not in SessionStore(store.session_key)
    SessionStore.clear_expired()
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_asynchronous_names_keep_no_key_either() -> None:
    async def live() -> str:
        store = SessionStore()
        await store.aset("kept", "yes")
        await store.asave()
        key = store.session_key
        assert key is not None
        assert await SessionStore(key).aget("kept") == "yes"
        assert await SessionStore().aexists(key)
        await store.acycle_key()
        assert not await SessionStore().aexists(key)
        return str(store.session_key)

    key = asyncio.run(live())
    assert Session.objects.get().session_key != key
    asyncio.run(SessionStore(key).adelete())
    assert not Session.objects.exists()
