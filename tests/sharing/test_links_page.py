"""The links of a chat on its owner's pages; they need no script."""

import re
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
import segno
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, User
from chats.consumers import RECHECK_SECONDS, _patience
from chats.events import Company, company_of
from chats.models import ChatMember
from sharing.models import Participant, Share
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, MessageFactory, ShareFactory

pytestmark = pytest.mark.django_db
WANTED = {"title": "Ours", "days": "7", "max_concurrent_users": "10", "can_write": "1", "max_messages": "200"}
CHANGED = {name: value for name, value in WANTED.items() if name != "days"}
NOT_EXTENDED = ("A link is extended by 1 to 365 days.", "A link is valid for at most a year from now.")
AGAIN = "Type the password again."
OFF = "Your team does not allow chats to be shared by link."
EXTEND = re.compile(r'action="/shares/[^"]*/extend">(?:(?!</form>).)*name="once" value="([^"]{36})"', re.S)
MARKED = re.compile(r"\?made=([0-9a-f-]{36})$")


@pytest.fixture
def chat(cast):
    return ChatFactory(user=cast.owner, title="Numbers")


@pytest.fixture
def share(chat):
    return ShareFactory(chat=chat, title="Ours")


@pytest.fixture
def owner(cast, client_of):
    return client_of(cast.owner)


def page_of(chat):
    return f"/chats/{chat.id}/share"


def shares_of(chat):
    with tenant_scope(chat.team_id):
        return list(Share.objects.filter(chat=chat))


def reloaded(share):
    with tenant_scope(share.team_id):
        return Share.objects.select_related("team", "chat__user").get(id=share.id)


def edit(share, **fields):
    with tenant_scope(share.team_id):
        Share.objects.filter(id=share.id).update(**fields)


def let_in(share, count, *, lease=timedelta(minutes=1)):
    now = timezone.now()
    with tenant_scope(share.team_id):
        for _ in range(count):
            Participant.objects.create(share=share, token_hash=uuid4().hex, joined_at=now, lease_until=now + lease)


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def days_left(share):
    return round((reloaded(share).expires_at - timezone.now()) / timedelta(days=1), 2)


def test_the_form_as_it_is_shown_makes_a_link_that_is_shown_at_once(chat, owner):
    page = owner.get(page_of(chat)).content.decode()
    shown = dict(re.findall(r'<input type="(?:text|number)" name="(\w+)" value="([^"]*)"', page))
    assert shown == {"title": "Numbers", "days": "7", "max_concurrent_users": "10", "max_messages": "200"}
    answer = owner.post(page_of(chat), {**shown, "can_write": "1", "from_here_on": ""})
    (share,) = shares_of(chat)
    assert answer.status_code == 303
    assert MARKED.search(answer["Location"])[1] == str(share.id)
    assert (share.title, share.can_write, share.from_position, share.password_hash) == ("Numbers", True, 1, "")
    assert (share.can_fork, share.asks_name, days_left(share)) == (False, False, 7)
    page = owner.get(answer["Location"]).content.decode()
    assert "Your link is ready." in page
    assert f"<code>{share.link}</code>" in page
    assert f'src="/shares/{share.id}/qr.svg"' in page
    assert "Your link is ready." not in owner.get(page_of(chat)).content.decode()


def test_every_wish_is_kept(chat, owner):
    MessageFactory(chat=chat, position=1)
    wishes = {"can_write": "", "from_here_on": "1", "asks_name": "on", "can_fork": "on", "password": " open sesame "}
    owner.post(page_of(chat), {**WANTED, **wishes, "description": "Come\nin", "max_messages": "3", "days": "365"})
    (share,) = shares_of(chat)
    assert (share.can_write, share.asks_name, share.can_fork, share.max_messages) == (False, True, True, 3)
    assert (share.from_position, share.description, days_left(share)) == (2, "Come\nin", 365)
    assert share.has_password(" open sesame ")
    assert not share.has_password("open sesame")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("days", "0"),
        ("days", "366"),
        ("days", "9" * 5000),
        ("days", "soon"),
        ("max_concurrent_users", "1001"),
        ("max_concurrent_users", ""),
        ("max_messages", "-1"),
        ("max_messages", "10001"),
        ("title", "x" * 201),
        ("title", "a\0b"),
        ("title", "a\nb"),
        ("description", "x" * 1001),
        ("description", "\0"),
        ("can_write", "maybe"),
        ("from_here_on", "2"),
        ("password", "x" * 5000),
        ("password", "\0"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_makes_nothing(chat, owner, field, value):
    answer = owner.post(page_of(chat), {**WANTED, field: value})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert 'class="errorlist"' in answer.content.decode()
    assert shares_of(chat) == []


def test_a_form_sent_twice_makes_one_link(chat, owner):
    for _ in range(2):
        assert owner.post(page_of(chat), {**WANTED, "once": "the same"}).status_code == 303
    assert len(shares_of(chat)) == 1


def test_text_of_people_stays_text(chat, owner):
    script = "<script>alert(1)</script>"
    page = owner.post(page_of(chat), {**WANTED, "title": script, "description": script}, follow=True).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert script not in page


def test_a_link_says_how_it_stands(chat, owner):
    shown = ShareFactory(chat=chat, title="Shown", max_concurrent_users=5, asks_name=True, password="secret")
    let_in(shown, 2)
    let_in(shown, 1, lease=timedelta(seconds=-1))  # not heard from any more
    revoked, expired = ShareFactory(chat=chat, title="Revoked one"), ShareFactory(chat=chat, title="Expired one")
    edit(revoked, revoked_at=timezone.now())
    edit(expired, expires_at=timezone.now() - timedelta(hours=3))
    page = owner.get(page_of(chat)).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Shown Open" in words
    assert "2 of 5 here now · Expires in 7 days · visitors may write · with a password · asks for a name" in words
    assert "Revoked one Revoked Revoked just now" in words
    assert "Expired one Expired Expired 3 hours ago" in words
    assert "2 links no longer valid" in words
    assert shown.link in page
    assert revoked.token not in page
    assert expired.token not in page


def test_a_link_is_extended_from_its_end_or_from_now_for_at_most_a_year(share, owner):
    path = f"/shares/{share.id}/extend"
    owner.post(path, {"days": "7"})
    assert days_left(share) == 14
    edit(share, expires_at=timezone.now() - timedelta(days=5))
    answer = owner.post(path, {"days": "3"})
    assert days_left(share) == 3
    end = reloaded(share).expires_at
    assert told(answer)[-1] == f"The link <bdi>“{share.title}”</bdi> is valid until {end:%-d %B %Y, %H:%M} UTC."
    assert reloaded(share).ending is None
    for bad in ("", "0", "366", "9" * 5000, "x", "363"):
        answer = owner.post(path, {"days": bad})
        assert (answer.status_code, answer["Location"]) == (303, page_of(share.chat))
        assert told(answer)[-1] == NOT_EXTENDED[bad == "363"]
    assert days_left(share) == 3
    edit(share, revoked_at=timezone.now())
    assert told(owner.post(path, {"days": "1"}))[-1] == "This link was revoked."
    assert days_left(share) == 3


def test_a_link_is_changed_and_only_what_was_changed_is_recorded(share, owner):
    page = owner.get(f"/shares/{share.id}/change").content.decode()
    assert 'value="Ours"' in page
    assert "no_password" not in page
    owner.post(f"/shares/{share.id}/change", {**CHANGED, "title": "Theirs", "can_write": "", "password": "secret"})
    changed = reloaded(share)
    assert (changed.title, changed.can_write, changed.has_password("")) == ("Theirs", False, False)
    assert changed.has_password("secret")
    with tenant_scope(share.team_id):
        entry = AuditEntry.objects.filter(action="share.changed").get()
    assert entry.details["fields"] == ["can_write", "password", "title"]
    kept = {**CHANGED, "title": "Theirs", "can_write": ""}
    owner.post(f"/shares/{share.id}/change", kept)
    assert reloaded(share).has_password("secret")
    assert not reloaded(share).has_password("")
    owner.post(f"/shares/{share.id}/change", {**kept, "no_password": "on"})
    assert reloaded(share).has_password("")


def test_a_bad_change_changes_nothing(share, owner):
    answer = owner.post(f"/shares/{share.id}/change", {**CHANGED, "title": "Theirs", "max_concurrent_users": "0"})
    assert "max_concurrent_users" in answer.context["form"].errors
    edit(share, revoked_at=timezone.now())
    assert owner.post(f"/shares/{share.id}/change", {**CHANGED, "title": "Theirs"}).status_code == 410
    assert reloaded(share).title == "Ours"


def test_a_link_is_revoked_after_a_question(cast, share, owner):
    page = owner.get(f"/shares/{share.id}/revoke").content.decode()
    assert "Revoke this link?" in page
    assert reloaded(share).revoked_at is None
    answer = owner.post(f"/shares/{share.id}/revoke")
    assert answer["Location"] == page_of(share.chat)
    assert reloaded(share).revoked_by_id == cast.owner.id


def test_an_admin_revokes_and_extends_what_they_cannot_open(cast, share, client_of):
    admin = client_of(cast.admin)
    assert admin.post(f"/shares/{share.id}/extend", {"days": "1"})["Location"] == "/links/team"
    assert admin.post(f"/shares/{share.id}/revoke")["Location"] == "/links/team"
    assert (reloaded(share).revoked_by_id, days_left(share)) == (cast.admin.id, 8)
    for path in (page_of(share.chat), f"/shares/{share.id}/change", f"/shares/{share.id}/qr.svg"):
        assert admin.get(path).status_code == 404


def test_one_goes_back_to_the_list_one_came_from_and_nowhere_else(share, owner):
    ways = {"shares": "/links", "https://evil.example": page_of(share.chat), "home": page_of(share.chat)}
    for came_from, back in ways.items():
        answer = owner.post(f"/shares/{share.id}/extend", {"days": "1", "next": came_from})
        assert answer["Location"] == back


def test_the_qr_code_holds_the_address_dark_on_white(share, owner):
    answer = owner.get(f"/shares/{share.id}/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "no-store" in answer["Cache-Control"] or "no-cache" in answer["Cache-Control"]
    expected = BytesIO()
    code = segno.make(share.link, error="m", micro=False)
    code.save(expected, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False)
    assert answer.content == expected.getvalue()
    other = segno.make(f"{share.link[:-1]}_", error="m", micro=False)
    assert code.matrix != other.matrix  # so the equality above says which address it is


def test_where_the_team_shares_nothing_the_page_says_so_and_makes_nothing(cast, chat, owner):
    Team.objects.filter(id=cast.team.id).update(settings={"sharing": False})
    shown = owner.get(page_of(chat))
    sent = owner.post(page_of(chat), {**WANTED, "title": "Typed meanwhile", "password": "sesame"})
    for answer in (shown, sent):
        assert answer.status_code == 403
        assert "Your team does not allow chats to be shared by link." in answer.content.decode()
    assert "Make the link" not in shown.content.decode()
    assert 'value="Typed meanwhile"' in sent.content.decode()
    assert sent.context["form"].errors["password"] == [AGAIN]
    assert shares_of(chat) == []


def test_a_link_on_hold_is_shown_as_such_and_revoked(cast, share, owner):
    Team.objects.filter(id=cast.team.id).update(settings={"sharing": False})
    page = owner.get(page_of(share.chat)).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Ours On hold Expires in 7 days" in words
    assert f'href="/shares/{share.id}/revoke"' in page
    assert share.token not in page
    assert told(owner.post(f"/shares/{share.id}/extend", {"days": "1"}))[-1] == OFF
    answer = owner.post(f"/shares/{share.id}/change", {**CHANGED, "title": "Typed meanwhile"})
    assert (answer.status_code, OFF in answer.content.decode()) == (403, True)
    assert 'value="Typed meanwhile"' in answer.content.decode()
    assert (reloaded(share).title, days_left(share)) == ("Ours", 7)
    owner.post(f"/shares/{share.id}/revoke")
    assert reloaded(share).revoked_at is not None


def test_an_admin_is_told_that_the_person_of_a_link_on_hold_is_deactivated(cast, share, client_of):
    with tenant_scope(share.team_id):
        User.objects.filter(id=cast.owner.id).update(is_active=False)
    answer = client_of(cast.admin).post(f"/shares/{share.id}/extend", {"days": "1"})
    assert told(answer)[-1] == "This link is on hold: the person of its chat is deactivated."
    assert days_left(share) == 7


def test_a_password_is_asked_for_again_when_the_form_is_refused(chat, share, owner):
    for path in (page_of(chat), f"/shares/{share.id}/change"):
        answer = owner.post(path, {**WANTED, "max_concurrent_users": "0", "password": "sesame"})
        assert answer.context["form"].errors["password"] == [AGAIN]
        assert re.search(r"<details open>\s*<summary>More", answer.content.decode())
        assert "sesame" not in answer.content.decode()
        answer = owner.post(path, {**WANTED, "max_concurrent_users": "0"})
        assert "password" not in answer.context["form"].errors
    assert len(shares_of(chat)) == 1


def test_a_line_break_of_a_description_counts_as_one_character(chat, owner):
    description = "\r\n".join(["x" * 99] * 10)
    owner.post(page_of(chat), {**WANTED, "description": description})
    assert shares_of(chat)[0].description == description.replace("\r\n", "\n")


def test_the_form_of_a_chat_with_an_unprintable_title_makes_a_link_as_it_is_shown(cast, owner):
    chat = ChatFactory(user=cast.owner, title="err \x1b[31mred")
    title = owner.get(page_of(chat)).context["form"]["title"].value()
    owner.post(page_of(chat), {**WANTED, "title": title})
    assert [share.title for share in shares_of(chat)] == ["err [31mred"]


def test_a_link_whose_key_is_lost_is_shown_and_revoked(chat, share, owner, settings):
    settings.FIELD_KEYS = ["another-key-that-opens-nothing-at-all-0000"]
    for path in (page_of(chat), "/links"):
        answer = owner.get(path)
        assert answer.status_code == 200
        assert "This link can no longer be copied; revoke it and make a new one." in answer.content.decode()
        assert f"/shares/{share.id}/revoke" in answer.content.decode()
        assert "data-copy" not in answer.content.decode()
    assert owner.get(f"/shares/{share.id}/qr.svg").status_code == 404
    owner.post(f"/shares/{share.id}/revoke")
    assert reloaded(share).revoked_at is not None


def test_a_link_is_extended_once_by_a_double_click(share, owner):
    names = {path: re.findall(EXTEND, owner.get(path).content.decode()) for path in (page_of(share.chat), "/links")}
    assert [len(found) for found in names.values()] == [1, 1]
    for (once,) in names.values():
        for _ in range(2):
            owner.post(f"/shares/{share.id}/extend", {"days": "7", "once": once})
    assert days_left(share) == 21


@pytest.mark.parametrize("count", [1, 5])
def test_the_page_takes_the_same_queries_however_many_links(chat, owner, django_assert_num_queries, count):
    for share in [ShareFactory(chat=chat) for _ in range(count)]:
        let_in(share, 2)
    with django_assert_num_queries(3):  # who asks, the chat, its links
        page = owner.get(page_of(chat)).content.decode()
    assert page.count("2 of 10</strong>") == count


def test_the_page_of_a_chat_says_to_its_person_alone_who_is_here(cast, chat, owner, client_of):
    bar = re.compile(r"<a class=\"company\"(.*?)>(.*?)</a>", re.S)
    with CaptureQueriesContext(connection) as without:
        page = owner.get(f"/chats/{chat.id}").content.decode()
    assert "hidden" in bar.search(page)[1]
    for room in (ShareFactory(chat=chat, max_concurrent_users=5), ShareFactory(chat=chat)):
        let_in(room, 1)
    edit(ShareFactory(chat=chat), revoked_at=timezone.now())
    with CaptureQueriesContext(connection) as with_links:
        page = owner.get(f"/chats/{chat.id}").content.decode()
    assert bar.search(page)[2].strip() == "Shared · 2 of 15 visitors here"
    assert "hidden" not in bar.search(page)[1]
    assert len(with_links) == len(without)
    with tenant_scope(cast.team.id):
        ChatMember.objects.create(chat=chat, user=cast.teammate, can_write=True)
    page = client_of(cast.teammate).get(f"/chats/{chat.id}").content.decode()
    assert "Numbers" in page
    assert [word for word in ("data-company", "data-links-dialog", f"{chat.id}/share") if word in page] == []


def test_a_page_looks_again_when_the_first_of_its_links_runs_out(chat):
    soon = timezone.now() + timedelta(seconds=1)
    first, _, revoked = (ShareFactory(chat=chat) for _ in range(3))
    edit(first, expires_at=soon)
    edit(revoked, expires_at=timezone.now(), revoked_at=timezone.now())
    with tenant_scope(chat.team_id):
        company = company_of(chat)
    assert company.until == soon
    assert 0 < _patience(company) <= 1
    assert _patience(Company(until=soon - timedelta(days=1))) == 0
    assert _patience(Company()) == _patience(Company(until=soon + timedelta(days=1))) == RECHECK_SECONDS


def test_a_visitor_s_words_stand_under_their_name(cast, chat, owner):
    MessageFactory(chat=chat, position=1, author=cast.owner, content="Mine")
    MessageFactory(chat=chat, position=2, guest_id=uuid4(), guest_name="Ada <b>", content="Hers")
    MessageFactory(chat=chat, position=3, author=cast.teammate, content="His")
    page = owner.get(f"/chats/{chat.id}").content.decode()
    mine, hers, his = re.findall(r"<article.*?</article>", page, re.S)
    assert 'class="visually-hidden">You<' in mine
    assert "<bdi>Ada &lt;b&gt;</bdi>" in hers
    assert "visitor</span>" in hers
    assert f"<bdi>{cast.teammate}</bdi>" in his
    assert "visitor" not in his
