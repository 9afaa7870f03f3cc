"""Whoever means harm: guesses links, lends a place to another room, comes from a foreign site, sends script."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import RateWindow
from chats.actions import delete_chat
from chats.models import Attachment, Chat, Message
from sharing.actions import allow_sharing, revoke_share
from sharing.leases import join
from sharing.models import Participant, Share
from sharing.queries import people_in, share_of
from sharing.tokens import ShareToken
from sharing.visits import cookie_name
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, ShareFactory
from tests.sharing.visiting import MALFORMED

pytestmark = pytest.mark.django_db
API = [
    ("GET", "/mid/share/{}", None),
    ("POST", "/mid/share/{}/join", {}),
    ("POST", "/mid/share/{}/leave", {}),
    ("POST", "/mid/share/{}/message", {"user_message": "Hello"}),
    ("POST", "/mid/share/{}/heartbeat", {}),
    ("GET", "/mid/share/{}/stream", None),
]
PAGES = [
    ("GET", "/share/{}", None),
    ("POST", "/share/{}/enter", {"name": "Eve"}),
    ("POST", "/share/{}/say", {"content": "Hello"}),
    ("POST", "/share/{}/leave", {}),
]
CALLS = [*API, *PAGES]


@pytest.fixture
def chat(cast):
    chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team, name="Ada"))
    MessageFactory(chat=chat, author=cast.owner, position=1, content="canary-inside")
    return chat


@pytest.fixture
def share(chat):
    return ShareFactory(chat=chat, max_concurrent_users=1)


def ask(call, token, client=None, **headers):
    method, path, body = call
    client = client or Client()
    if method == "GET":
        return client.get(path.format(token), headers=headers)
    if path.startswith("/mid"):
        return client.post(path.format(token), json.dumps(body), "application/json", headers=headers)
    return client.post(path.format(token), body, headers=headers)


def told(answer):
    """All that somebody learns from an answer; a page's own address is theirs already."""
    text = b"" if answer.streaming else answer.content.replace(answer.request["PATH_INFO"].encode(), b"")
    headers = {name: value for name, value in answer.headers.items() if name not in {"Expires", "Content-Length"}}
    return answer.status_code, text, headers, sorted(answer.cookies)


def told_but_when(answer):
    """The text of a refusal without the seconds to wait, which pass from one to the next."""
    return re.sub(rb"in \d+ seconds?", b"later", told(answer)[1])


def crafted(token, team):
    """The token of another team's link as one would forge it: our secret, a mask laid over their id."""
    secret = token[:21]
    return ShareToken.new(team.id).text[:1] + secret + ShareToken.new(team.id).text[22:]


def take_place(share, **fields):
    with tenant_scope(share.team_id):
        return join(share_of(share.token), **fields)


def in_room(share):
    with tenant_scope(share.team_id):
        return people_in(share).count()


# Guessing


def test_every_wrong_token_is_told_the_same_by_every_call(share, cast, settings):
    settings.SHARE_MISSES_PER_MINUTE = 1000
    wrong = {
        "unknown": ShareToken.new(cast.team.id).text,
        "of another team": crafted(share.token, cast.other_team),
        "in another case": share.token.swapcase(),
        "cut": share.token[:-1],
        "longer": share.token + "A",
        "no token at all": "nothing-like-it",
    }
    for call in CALLS:
        answers = {name: ask(call, token) for name, token in wrong.items()}
        words = {told(answer)[1].replace(wrong[name].encode(), b"") for name, answer in answers.items()}
        assert {answer.status_code for answer in answers.values()} == {404}
        assert len(words) == 1
        assert b"canary" not in words.pop()


def test_a_wrong_token_costs_the_same_work_whichever_team_it_names(share, cast):
    work = []
    ask(API[0], "the first of a minute tidies up")
    for token in (ShareToken.new(cast.team.id).text, crafted(share.token, cast.other_team), share.token.swapcase()):
        with CaptureQueriesContext(connection) as queries:
            ask(API[0], token)
        work.append([query["sql"].split(" ")[0] for query in queries])
    assert work[0] == work[1] == work[2]


@pytest.mark.parametrize("call", CALLS[::3], ids=lambda call: f"{call[0]} {call[1]}")
def test_whoever_guesses_on_waits_and_learns_nothing(share, cast, settings, call):
    settings.SHARE_MISSES_PER_MINUTE = 3
    for _ in range(3):
        assert ask(call, "unknown").status_code == 404
    wrong = ["unknown", ShareToken.new(cast.team.id).text, crafted(share.token, cast.other_team), share.token[:-1]]
    spoofed = [
        {},
        {"X-Forwarded-For": "198.51.100.9"},
        {"X-Real-IP": "198.51.100.9"},
        {"Forwarded": "for=198.51.100.9"},
    ]
    for headers in spoofed:
        answers = {token: ask(call, token, **headers) for token in wrong}
        assert {answer.status_code for answer in answers.values()} == {429}
        assert len({told_but_when(answer).replace(token.encode(), b"") for token, answer in answers.items()}) == 1
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers.values())


def test_whoever_guesses_shuts_nobody_out_of_a_known_link(share, settings):
    settings.SHARE_MISSES_PER_MINUTE = 1
    ended = ShareFactory(chat=share.chat)
    with tenant_scope(ended.team_id):
        revoke_share(share=ended, by=None)
    assert [ask(API[0], "unknown").status_code for _ in range(3)] == [404, 429, 429]
    assert ask(API[0], share.token).status_code == 200
    assert ask(PAGES[0], share.token).status_code == 200
    assert ask(PAGES[0], ended.token).status_code == 410


@pytest.mark.parametrize("token", MALFORMED, ids=ascii)
def test_what_cannot_be_a_token_is_a_counted_404_at_every_call_and_page(token, settings):
    settings.SHARE_MISSES_PER_MINUTE = 1000
    for count, call in enumerate(CALLS, start=1):
        answer = ask(call, quote(token, safe=""))
        assert (call[1], answer.status_code) == (call[1], 404)
        if "/" not in token:
            assert RateWindow.objects.get(key__startswith="share-miss").count == count


def test_behind_a_proxy_only_what_the_proxy_says_counts(settings):
    settings.SHARE_MISSES_PER_MINUTE, settings.TRUSTED_PROXY_COUNT = 3, 1
    for number in range(3):
        ask(API[0], "unknown", **{"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.9"})
    assert ask(API[0], "unknown", **{"X-Forwarded-For": "203.0.113.77, 198.51.100.9"}).status_code == 429
    assert ask(API[0], "unknown", **{"X-Forwarded-For": "198.51.100.9"}).status_code == 429
    assert RateWindow.objects.filter(key__startswith="share-miss").count() == 1
    assert ask(API[0], "unknown", **{"X-Forwarded-For": "198.51.100.10"}).status_code == 404


# A place in another room

LET_WAIT_OR_LEAVE = {"/share/{}", "/share/{}/enter", "/share/{}/leave", "/mid/share/{}/leave"}


def with_cookie(share, token):
    client = Client(enforce_csrf_checks=True)
    client.cookies[cookie_name(share.id)] = token
    return client


def full_room_and_foreign_place(share, kind, cast):
    """A full room, and somebody with a place in another: of the same chat, of another of the team, of another team."""
    take_place(share, name="Ina")
    if kind == "the same chat":
        other = ShareFactory(chat=share.chat)
    elif kind == "another chat":
        other = ShareFactory(chat=ChatFactory(user=cast.owner))
    else:
        other = ShareFactory(chat=ChatFactory(user=cast.outsider))
    return take_place(other, name="Eve").token


@pytest.mark.parametrize("kind", ["the same chat", "another chat", "another team"])
def test_a_place_in_another_room_is_worth_nothing(share, cast, kind):
    foreign = full_room_and_foreign_place(share, kind, cast)
    for call in CALLS:
        for answer in (
            ask(call, share.token, authorization=f"Share {foreign}"),
            ask(call, share.token, with_cookie(share, foreign)),
            ask((*call[:2], {**(call[2] or {}), "participant_token": foreign, "token": foreign}), share.token),
        ):
            assert answer.status_code in ({200, 303} if call[1] in LET_WAIT_OR_LEAVE else {403, 429})
            assert not answer.streaming
            assert b"canary-inside" not in answer.content
            assert b"Ina" not in answer.content
    assert in_room(share) == 1
    with tenant_scope(share.team_id):
        assert Message.objects.filter(chat=share.chat).count() == 1


# What ends a room


def end_team(share):
    Team.objects.filter(id=share.team_id).update(is_active=False)


def end_owner(share):
    type(share.chat.user).objects.filter(id=share.chat.user_id).update(is_active=False)


ENDS = {
    "expired": lambda share: Share.objects.filter(id=share.id).update(expires_at=timezone.now()),
    "revoked": lambda share: revoke_share(share=share, by=None),
    "team closed": end_team,
    "owner deactivated": end_owner,
    "sharing switched off": lambda share: allow_sharing(team_id=share.team_id, allowed=False),
    "chat deleted": lambda share: delete_chat(chat=share.chat),
    "owner deleted": lambda share: share.chat.user.delete(),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.django_db(transaction=True)
def test_whatever_ends_a_room_ends_every_call_and_page_of_it(share, end):
    mine = take_place(share)
    inside = with_cookie(share, mine.token)
    assert inside.get(f"/share/{share.token}").status_code == 200
    with tenant_scope(share.team_id):
        ENDS[end](share)
        before = Message.objects.filter(chat=share.chat_id).count()
    status = 404 if end.endswith("deleted") else 410
    for call in CALLS:
        for client in (inside, Client()):
            answer = ask(call, share.token, client)
            assert (call[1], answer.status_code) == (call[1], status)
            assert b"canary" not in answer.content
    with tenant_scope(share.team_id):
        assert Message.objects.filter(chat=share.chat_id).count() == before
        assert not Participant.objects.filter(share_id=share.id, joined_at__gt=mine.participant.joined_at).exists()


# Another site


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.testserver"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
]


def test_a_foreign_site_makes_a_visitor_do_nothing(share):
    client = with_cookie(share, take_place(share).token)
    with tenant_scope(share.team_id):
        before = Participant.objects.values().get()
    for _, path, body in [call for call in CALLS if call[0] == "POST"]:
        for headers in FOREIGN:
            for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded"):
                answer = client.post(path.format(share.token), json.dumps(body), kind, headers=headers)
                assert answer.status_code == 403
    with tenant_scope(share.team_id):
        assert Participant.objects.values().get() == before
        assert Message.objects.count() == 1


def test_the_cookie_of_a_place_is_neither_sent_by_other_sites_nor_read_by_scripts(share, settings):
    settings.SECURE_COOKIES = True
    morsel = ask(API[1], share.token).cookies[cookie_name(share.id)]
    assert (morsel["httponly"], morsel["samesite"], morsel["secure"], morsel["path"]) == (True, "Lax", True, "/")
    assert morsel["domain"] == ""


# Script and other text that wants to be more


EVIL = '"><canary-tag canary-on=1>\'"</title></script><script>canary()</script>{{ canary }}&lt;canary-tag&gt;'
TURNED = "\u202etxt.exe\u2066\u200b\x07"


class Seen(HTMLParser):
    """Look for tags and attributes that a text has become."""

    def __init__(self) -> None:
        super().__init__()
        self.caught: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag, attrs):
        self.in_script = tag == "script"
        self.caught += [tag] if "canary" in tag else []
        self.caught += [name for name, _ in attrs if name.startswith(("canary", "on", "style"))]

    def handle_data(self, data):
        if self.in_script and "canary()" in data:
            self.caught.append(data)

    def handle_endtag(self, tag):
        self.in_script = False


def caught_in(html):
    seen = Seen()
    seen.feed(html)
    return seen.caught


@pytest.mark.django_db(transaction=True)
def test_what_people_write_stays_text_on_every_page(cast, chat, sits):
    share = ShareFactory(chat=chat, title=EVIL, description=EVIL, can_fork=True)
    visitor = Client()
    name = EVIL[:40] + TURNED
    assert ask(("POST", "/share/{}/enter", {"name": name}), share.token, visitor).status_code == 303
    assert ask(("POST", "/share/{}/say", {"content": EVIL + TURNED}), share.token, visitor).status_code == 303
    with tenant_scope(share.team_id):
        me = Participant.objects.get()
        assert me.name == EVIL[:40] + "txt.exe"
        assert Message.objects.get(guest_id=me.id).guest_name == me.name
    owner, admin, operator = sits(cast.owner), sits(cast.admin), sits(cast.operator)
    owner.cookies[cookie_name(share.id)] = visitor.cookies[cookie_name(share.id)].value
    pages = [
        (visitor, f"/share/{share.token}"),
        (visitor, f"/share/{share.token}?left=1"),
        (owner, f"/share/{share.token}/copy"),
        (owner, f"/chats/{chat.id}"),
        (owner, f"/chats/{chat.id}/share"),
        (owner, f"/shares/{share.id}/log"),
        (owner, f"/shares/{share.id}/change"),
        (owner, "/links"),
        (admin, "/links/team"),
        (admin, f"/shares/{share.id}/revoke"),
        (operator, reverse("admin:sharing_share_changelist")),
        (operator, reverse("admin:sharing_share_change", args=[share.id])),
        (operator, reverse("admin:chats_message_changelist")),
    ]
    for client, path in pages:
        page = client.get(path)
        assert (path, page.status_code) == (path, 200)
        html = page.content.decode()
        assert "canary" in html, path
        assert (path, caught_in(html)) == (path, [])
        assert "{{ canary }}" in html or "canary-tag" in html


# What nobody outside learns


@pytest.fixture
def secrets(cast, chat):
    """All over the team what visitors must not see, each with the word of a canary."""
    agent = chat.agent
    with tenant_scope(cast.team.id):
        type(agent).objects.filter(id=agent.id).update(
            description="canary-agent", config={"demo_seconds": 0, "system_prompt": "canary-prompt"}
        )
        Chat.objects.filter(id=chat.id).update(
            title="canary-chat", metadata={"note": "canary-note"}, conversation_id="canary-conversation"
        )
        Message.objects.filter(chat=chat).update(content="Seen")
        type(cast.owner).objects.filter(id=cast.owner.id).update(full_name="", email="canary@ours.org")
        type(cast.teammate).objects.filter(id=cast.teammate.id).update(full_name="canary@ours.org")
    MessageFactory(chat=chat, author=cast.teammate, position=2, content="Seen too")
    notices = [{"id": 1, "kind": "reasoning", "title": "canary-title", "text": "canary-text", "url": "https://canary"}]
    failed = {"role": "assistant", "status": "failed", "error_code": "CANARY_AUTH", "notices": notices}
    MessageFactory(chat=chat, position=3, content="Half", **failed)
    with tenant_scope(cast.team.id):
        Attachment.objects.create(
            message=Message.objects.get(position=2),
            position=1,
            name="canary-file.txt",
            media_type="text/plain",
            size=6,
            data=b"canary",
        )
    MessageFactory(chat=ChatFactory(user=cast.owner, title="canary-other"), content="canary-elsewhere")


@pytest.mark.django_db(transaction=True)
def test_nothing_that_a_visitor_gets_holds_anything_else_of_the_team(cast, chat, secrets):
    share = ShareFactory(chat=chat, max_concurrent_users=1, can_fork=True)
    ids = {"team": cast.team.id, "owner": cast.owner.id, "colleague": cast.teammate.id, "agent": chat.agent_id}
    inside = Client()
    answers = [ask(API[1], share.token, inside)]
    for call in (API[0], API[3], API[0], API[4], PAGES[0], PAGES[2], PAGES[0]):
        answers += [ask(call, share.token, inside), ask(call, share.token), ask(call, "unknown")]
    answers.append(ask(PAGES[3], share.token, inside))
    answers += [ask(PAGES[0], share.token, inside), inside.get(f"/share/{share.token}/copy")]
    with tenant_scope(cast.team.id):
        revoke_share(share=share, by=cast.owner)
    answers += [ask(call, share.token, inside) for call in CALLS]
    texts = [answer.content.decode() + str(answer.headers) + str(answer.cookies) for answer in answers]
    assert any("Seen too" in text for text in texts)
    for text in texts:
        assert "canary" not in text.lower()
        assert [name for name, pk in ids.items() if str(pk) in text] == []
