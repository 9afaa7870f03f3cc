"""The pages of a room for its visitors: who gets in, what stands there and in the headers, all without a script."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chats.models import Chat, Message
from sharing.actions import change_share, revoke_share
from sharing.models import Participant, Share
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, ShareFactory

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"
JSON = {"accept": "application/json"}


@pytest.fixture
def chat(cast):
    agent = AgentFactory(team=cast.team, name="Ada", config={"demo_seconds": 0.05, "system": "the agent's secret"})
    return ChatFactory(user=cast.owner, agent=agent, title="How we began")


@pytest.fixture
def shared(chat):
    """Share the chat; returns the address of the room."""

    def shared(**fields):
        return f"/share/{ShareFactory(chat=chat, **fields).token}"

    return shared


@pytest.fixture
def places(cast):
    """Who holds a place or waits."""

    def places():
        with tenant_scope(cast.team.id):
            return [(str(one), one.joined_at is not None) for one in Participant.objects.all() if one.is_alive]

    return places


def the_share(cast):
    with tenant_scope(cast.team.id):
        return Share.objects.select_related("team", "chat__user").get()


def text_of(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


# Coming in


def test_a_stranger_reads_the_conversation_without_an_account(chat, shared):
    MessageFactory(chat=chat, author=chat.user, content="What is a lease?", position=1)
    MessageFactory(chat=chat, role="assistant", content="A **place** for a while.", position=2)
    response = Client().get(shared(title="On leases", description="What they are"))
    page = response.content.decode()
    assert response.status_code == 200
    for text in ("On leases", "What they are", "1 of 10 here", "What is a lease?", "<strong>place</strong>", "Ada"):
        assert text in page
    assert "owner@ours.org" not in page
    assert "/sign-in" not in page
    assert 'href="/' not in re.sub(r'href="/(static|share)/', "", page)


def test_a_browser_has_one_place_however_often_it_loads_the_page(shared, places):
    address, browser = shared(), Client()
    for _ in range(3):
        assert browser.get(address).status_code == 200
    assert places() == [("Guest", True)]
    assert Client().get(address).status_code == 200
    assert len(places()) == 2


def test_the_cookie_is_the_rooms_alone_and_no_scripts(shared):
    address, browser = shared(), Client()
    (cookie,) = browser.get(address).cookies.values()
    assert cookie.key.startswith("share_")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 400 * 86_400
    assert browser.get("/api/auth/me").status_code == 401
    assert browser.get("/chats").status_code == 302


@pytest.mark.parametrize("moment", ["open", "password", "name", "left", "unknown", "gone", "waiting"])
def test_every_page_stays_out_of_caches_searches_and_referrers(cast, shared, moment):
    address = shared(
        password="open sesame" if moment == "password" else "", asks_name=moment == "name", max_concurrent_users=1
    )
    if moment == "gone":
        with tenant_scope(cast.team.id):
            revoke_share(share=the_share(cast), by=None)
    if moment == "waiting":
        Client().get(address)
    target = {"left": f"{address}?left=1", "unknown": "/share/unknown"}.get(moment, address)
    response = Client().get(target)
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in response.content.decode()
    assert "unsafe-inline" not in response["Content-Security-Policy"]
    assert not re.search(r"<(script|style)>|\sstyle=|\son\w+=", response.content.decode())


def test_only_what_the_link_shows_is_on_the_page(cast, chat):
    MessageFactory(chat=chat, author=cast.owner, content="Before the link", position=1)
    address = f"/share/{ShareFactory(chat=chat, from_here_on=True, title='').token}"
    MessageFactory(chat=chat, author=cast.teammate, content="After the link", position=2)
    page = Client().get(address).content.decode()
    assert "After the link" in page
    for hidden in (
        "Before the link",
        "How we began",
        "@ours.org",
        "the agent's secret",
        str(chat.id),
        str(cast.owner.id),
    ):
        assert hidden not in page


def test_a_failed_answer_tells_nothing_of_why(chat, shared):
    MessageFactory(chat=chat, role="assistant", status="failed", error_code="invalid_response", content="", position=1)
    page = Client().get(shared()).content.decode()
    assert "The agent could not answer." in page
    assert "invalid_response" not in page


def test_script_in_titles_names_and_messages_stays_text(chat, shared):
    address = shared(title=SCRIPT, description=SCRIPT, password="", asks_name=True)
    MessageFactory(chat=chat, author=chat.user, content=SCRIPT, position=1)
    MessageFactory(
        chat=chat, role="assistant", content=f"{SCRIPT} [x](javascript:alert(1)) [y](https://a.test)", position=2
    )
    browser = Client()
    door = browser.get(address).content.decode()
    browser.post(f"{address}/enter", {"name": f"{SCRIPT}"})
    browser.post(f"{address}/say", {"content": f"mine {SCRIPT}"})
    room = browser.get(address).content.decode()
    assert "mine &lt;script&gt;" in room
    for page in (door, room):
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="javascript' not in room
    assert re.search(r'<a href="https://a.test"[^>]*rel="noopener noreferrer nofollow"', room)


# Being refused


def test_an_unknown_link_is_not_found(shared):
    shared()
    response = Client().get("/share/unknown")
    assert response.status_code == 404
    assert "This link does not work" in text_of(response)
    assert "/sign-in" not in response.content.decode()


def test_a_revoked_an_expired_and_a_deleted_room_each_say_so(cast, chat, shared):
    address, browser = shared(), Client()
    browser.get(address)
    with tenant_scope(cast.team.id):
        Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    told = [(page := browser.get(address)).status_code, "This link has expired." in text_of(page)]
    with tenant_scope(cast.team.id):
        Share.objects.update(expires_at=timezone.now() + timedelta(days=1))
        revoke_share(share=the_share(cast), by=cast.owner)
    told += [(page := browser.get(address)).status_code, "This link was revoked." in text_of(page)]
    for way in ("enter", "say", "leave"):
        assert browser.post(f"{address}/{way}", {"content": "Hello?"}).status_code == 410
    with tenant_scope(cast.team.id):
        Chat.objects.all().delete()
    assert [*told, browser.get(address).status_code] == [410, True, 410, True, 404]


def test_too_many_unknown_links_are_refused_for_a_while(settings, shared):
    settings.SHARE_MISSES_PER_MINUTE = 2
    address = shared()
    answers = [Client().get("/share/unknown") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 429, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize("method", ["put", "delete", "post"])
def test_other_methods_are_not_allowed(shared, method):
    assert getattr(Client(), method)(shared()).status_code == 405


# The door


def test_a_password_is_asked_before_anything_is_shown(chat, shared, places):
    MessageFactory(chat=chat, author=chat.user, content="Said in private", position=1)
    address, browser = shared(password="open sesame", title="Private matter", description="Private words"), Client()
    response = browser.get(address)
    assert response.status_code == 403
    for hidden in ("Private", "Said in private", "og:"):
        assert hidden not in response.content.decode()
    wrong = browser.post(f"{address}/enter", {"password": "open barley"})
    assert (wrong.status_code, "not the password" in text_of(wrong), places()) == (403, True, [])
    assert "open barley" not in wrong.content.decode()
    right = browser.post(f"{address}/enter", {"password": "open sesame"})
    assert (right.status_code, right["Location"], places()) == (303, address, [("Guest", True)])
    assert "Said in private" in text_of(browser.get(address))
    assert "Said in private" not in text_of(Client().get(address))


def test_tries_at_a_password_are_limited_and_say_when_to_come_again(settings, shared):
    settings.LOGIN_FAILURES_PER_ACCOUNT = 2
    address = shared(password="open sesame")
    answers = [Client().post(f"{address}/enter", {"password": word}) for word in ("a", "b", "open sesame")]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert "Try again in 15 minutes." in text_of(answers[-1])
    assert int(answers[-1]["Retry-After"]) > 60


def test_whoever_said_the_password_is_not_asked_again_until_they_leave(cast, shared):
    address, browser = shared(password="open sesame"), Client()
    browser.post(f"{address}/enter", {"password": "open sesame"})
    with tenant_scope(cast.team.id):
        Participant.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    assert browser.get(address).status_code == 200
    browser.post(f"{address}/leave")
    assert browser.get(address).status_code == 403


def test_a_new_password_puts_everybody_out(cast, shared, places):
    address, browser = shared(), Client()
    assert browser.get(address).status_code == 200
    with tenant_scope(cast.team.id):
        change_share(share=the_share(cast), password="open sesame")
    assert places() == []
    assert browser.get(address).status_code == 403
    assert browser.post(f"{address}/say", {"content": "Still here?"}).status_code == 403


def test_a_name_is_asked_and_then_known(shared, places):
    address, browser = shared(asks_name=True), Client()
    assert "Your name" in text_of(browser.get(address))
    nothing = browser.post(f"{address}/enter", {"name": " \u202e\n "})
    assert (nothing.status_code, "Say your name" in text_of(nothing), places()) == (400, True, [])
    assert browser.post(f"{address}/enter", {"name": "x" * 61}).status_code == 400
    assert browser.post(f"{address}/enter", {"name": "  Vera\n\u202e Vox\0 "}).status_code == 303
    assert places() == [("Vera Vox", True)]
    assert browser.get(address).status_code == 200
    browser.post(f"{address}/enter", {"name": "Vee"})
    assert places() == [("Vee", True)]


# The waiting room


def test_whoever_finds_the_room_full_waits_and_comes_in_by_turn(shared, places):
    address = shared(max_concurrent_users=1)
    first, second, third = Client(), Client(), Client()
    first.get(address)
    waiting = second.get(address)
    assert waiting.status_code == 200
    assert "You are next." in text_of(waiting)
    assert '<meta http-equiv="refresh" content="5">' in waiting.content.decode()
    assert "data-messages" not in waiting.content.decode()
    assert "1 person waits before you." in text_of(third.get(address))
    first.post(f"{address}/leave")
    assert "You are next." in text_of(third.get(address))
    assert "data-messages" in second.get(address).content.decode()
    assert [is_in for _, is_in in places()] == [True, False]


def test_a_message_of_somebody_without_a_place_is_refused_and_shown_again(shared):
    address, late = shared(max_concurrent_users=1), Client()
    Client().get(address)
    response = late.post(f"{address}/say", {"content": "Let me in"})
    assert (response.status_code, "Let me in" in text_of(response)) == (429, True)


# Previews


PREVIEWERS = [
    {"user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
    {"user-agent": "facebookexternalhit/1.1 Facebot Twitterbot/1.0"},
    {"user-agent": "WhatsApp/2.23.20.0"},
    {"user-agent": "TelegramBot (like TwitterBot)"},
    {"user-agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"},
    {"user-agent": "Mozilla/5.0 SkypeUriPreview Preview/0.5"},
    {"user-agent": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"},
    {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"},
    {"user-agent": "Mozilla/5.0 (Linux; Android 8.0) Chrome/125.0 Safari/537.36 Google-PageRenderer"},
    {"user-agent": "Mozilla/5.0", "sec-purpose": "prefetch;prerender"},
]


@pytest.mark.parametrize("headers", PREVIEWERS)
def test_a_preview_takes_no_place_and_tells_title_and_description_only(chat, shared, places, headers):
    MessageFactory(chat=chat, author=chat.user, content="Said in the room", position=1)
    address = shared(title="On leases", description="What they are")
    response = Client().get(address, headers=headers)
    page = response.content.decode()
    assert response.status_code == 200
    assert '<meta property="og:title" content="On leases">' in " ".join(page.split())
    assert '<meta property="og:description" content="What they are">' in " ".join(page.split())
    assert "Said in the room" not in page
    assert (places(), response.cookies) == ([], {})


def test_the_preview_of_a_link_without_a_title_does_not_tell_the_chats(shared):
    page = Client().get(shared(title=""), headers=PREVIEWERS[0]).content.decode()
    assert "A shared conversation" in page
    assert "How we began" not in page


def test_a_person_taken_for_a_preview_comes_in_by_the_button(shared, places):
    address, browser = shared(), Client(headers={"user-agent": "CUBOT X30"})
    assert browser.get(address).status_code == 200
    assert places() == []
    assert browser.post(f"{address}/enter").status_code == 303
    assert "data-messages" in browser.get(address).content.decode()
    assert places() == [("Guest", True)]


def test_asking_for_the_headers_alone_takes_no_place(shared, places):
    address = shared()
    response = Client().head(address)
    assert (response.status_code, response.content, places()) == (200, b"", [])


# Taking part


@pytest.mark.django_db(transaction=True)
def test_a_form_sends_a_message_and_leads_back_to_its_answer(cast, chat, shared):
    address, browser = shared(), Client()
    browser.get(address)
    response = browser.post(f"{address}/say", {"content": "Hello\r\nAda\0"})
    with tenant_scope(cast.team.id):
        question, answer = Message.objects.order_by("position")
        me = Participant.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"{address}#message-{answer.id}")
    assert (question.content, question.guest_id) == ("Hello\nAda", me.id)
    page = browser.get(address).content.decode()
    assert f'class="message said own" data-message="{question.id}"' in " ".join(page.split())
    assert f'data-guest="{me.id}"' in page
    assert "message said own" not in Client().get(address).content.decode()


def test_a_refused_message_is_kept_in_its_field(cast, chat, shared):
    address, browser = shared(), Client()
    browser.get(address)
    MessageFactory(chat=chat, role="assistant", status="streaming", content="Well, ", position=1)
    response = browser.post(f"{address}/say", {"content": "And <then>?"})
    assert response.status_code == 409
    assert "And &lt;then&gt;?</textarea>" in response.content.decode()
    assert "still being written" in text_of(response)
    told = browser.post(f"{address}/say", {"content": "And then?"}, headers=JSON)
    assert (told.status_code, told.json()["error_code"]) == (409, "RUN_IN_PROGRESS")


def test_a_read_only_link_shows_no_field_and_takes_no_message(shared, places):
    address, browser = shared(can_write=False), Client()
    page = browser.get(address)
    assert "You can read along here, not write." in text_of(page)
    assert "<textarea" not in page.content.decode()
    assert browser.post(f"{address}/say", {"content": "Hello?"}).status_code == 403


def test_a_link_whose_messages_are_used_up_says_so(cast, shared):
    address = shared(max_messages=3)
    assert "3 messages left on this link." in text_of(Client().get(address))
    with tenant_scope(cast.team.id):
        Share.objects.update(messages_sent=3)
    page = Client().get(address)
    assert "As many messages as this link allows" in text_of(page)
    assert "<textarea" not in page.content.decode()


def test_leaving_gives_the_place_back_and_leads_to_a_page_that_takes_none(shared, places):
    address, browser = shared(), Client()
    browser.get(address)
    response = browser.post(f"{address}/leave")
    assert (response.status_code, response["Location"]) == (303, f"{address}?left=1")
    assert [morsel["max-age"] for morsel in response.cookies.values()] == [0]
    assert "You have left" in text_of(browser.get(response["Location"]))
    assert places() == []
    Client().post(f"{address}/leave")
    browser.post(f"{address}/enter")
    assert len(places()) == 1


@pytest.mark.parametrize("way", ["enter", "say", "leave"])
def test_another_site_can_do_nothing_in_a_visitors_name(shared, places, way):
    address, browser = shared(), Client(enforce_csrf_checks=True)
    browser.get(address)
    foreign = {"origin": "null", "sec-fetch-site": "cross-site"}
    assert browser.post(f"{address}/{way}", {"content": "Hello?"}, headers=foreign).status_code == 403
    assert places() == [("Guest", True)]
    own = {"origin": "null", "sec-fetch-site": "same-origin"}
    assert browser.post(f"{address}/{way}", {"content": ""}, headers=own).status_code in {303, 400}


def test_a_script_gets_json(shared):
    address, browser = shared(password="open sesame"), Client(headers=JSON)
    assert browser.post(f"{address}/enter", {"password": "x"}).json()["error_code"] == "WRONG_PASSWORD"
    assert browser.post(f"{address}/enter", {"password": "open sesame"}).json() == {"next": address}
    assert browser.post(f"{address}/say", {"content": " "}).json()["error_code"] == "EMPTY_MESSAGE"
    assert browser.post(f"{address}/leave").json() == {"next": f"{address}?left=1"}


# Copying


def test_a_signed_in_visitor_copies_the_conversation_into_their_own_team(cast, chat, shared, client_of):
    MessageFactory(chat=chat, author=chat.user, content="What is a lease?", position=1)
    address, browser = shared(can_fork=True, title="On leases"), client_of(cast.outsider)
    theirs = AgentFactory(team=cast.other_team, name="Their own")
    assert f'href="{address}/copy"' in browser.get(address).content.decode()
    page = text_of(browser.get(f"{address}/copy"))
    assert "Their own" in page
    assert "Ada" not in page
    response = browser.post(f"{address}/copy", {"agent_id": str(theirs.id)})
    assert response.status_code == 303
    assert "What is a lease?" in text_of(browser.get(response["Location"]))
    with tenant_scope(cast.other_team.id):
        assert Chat.objects.get().user_id == cast.outsider.id


def test_whoever_copies_sees_which_agent_is_paused(cast, shared, client_of):
    address, browser = shared(can_fork=True), client_of(cast.outsider)
    AgentFactory(team=cast.other_team, failures=7, paused_until=timezone.now() + timedelta(minutes=5))
    browser.get(address)
    copying, starting = browser.get(f"{address}/copy"), browser.get("/chats/new")
    told = re.compile(r'<span class="badge"\s+data-until="[^"]+">[^<]+</span>')
    assert told.findall(copying.content.decode()) == told.findall(starting.content.decode()) != []


def test_nobody_copies_what_they_may_not_see_or_take(cast, shared, client_of):
    theirs = AgentFactory(team=cast.other_team)
    body = {"agent_id": str(theirs.id)}
    address, browser = shared(can_fork=True, password="open sesame"), client_of(cast.outsider)
    response = browser.post(f"{address}/copy", body)
    assert (response.status_code, response["Location"]) == (302, address)
    browser.post(f"{address}/enter", {"password": "open sesame"})
    with tenant_scope(cast.team.id):
        change_share(share=the_share(cast), can_fork=False)
    assert browser.post(f"{address}/copy", body).status_code == 403
    assert "/copy" not in browser.get(address).content.decode()
    with tenant_scope(cast.other_team.id):
        assert not Chat.objects.exists()


def test_somebody_who_is_not_signed_in_is_led_there_and_back(shared):
    address, browser = shared(can_fork=True), Client()
    browser.get(address)
    response = browser.get(f"{address}/copy")
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?next=%2Fshare%2F")
    assert response["Location"].endswith("%2Fcopy")


# Cost


def test_the_room_takes_as_many_queries_whatever_was_said_and_whoever_is_there(cast, chat, shared):
    address = shared(max_concurrent_users=50)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert "data-messages" in Client().get(address).content.decode()
        return len(captured)

    MessageFactory(chat=chat, author=cast.owner, position=1)
    queries()  # the first of an hour also forgets old counts
    few = queries()
    for position in range(2, 12):
        MessageFactory(chat=chat, author=cast.teammate, position=position)
        Client().get(address)
    assert queries() == few
