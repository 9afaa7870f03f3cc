"""The lists of links: one's own, to be handed out; the team's, for admins who close rooms and get no key to them."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from sharing import leases
from sharing.actions import change_share, revoke_share
from sharing.events import share_group
from sharing.models import Share
from sharing.views import team as lists
from tenants import groups
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.factories import ChatFactory, ShareFactory

MINE, TEAMS, SWITCH = "/links", "/links/team", "/links/team/sharing"


@pytest.fixture
def links(cast):
    """A link of each person, in chats whose titles nobody else may read."""
    people = {"owner": cast.owner, "admin": cast.admin, "outsider": cast.outsider}
    return {
        name: ShareFactory(chat=ChatFactory(user=person, title=f"private matter of {name}"), title=f"room of {name}")
        for name, person in people.items()
    }


def text_of(answer):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode())))


def rooms_on(answer):
    return [share.title for share in answer.context["page"]]


def stored(share):
    with tenant_scope(share.team_id):
        return Share.objects.select_related("team", "chat__user").get(id=share.id)


def end(share, **changes):
    with tenant_scope(share.team_id):
        Share.objects.filter(id=share.id).update(**changes)


def entries(team, action):
    with tenant_scope(team.id):
        return list(AuditEntry.objects.filter(action=action).order_by("at"))


# One's own


def test_my_links_are_mine_alone_and_can_be_copied(cast, sits, links):
    answer = sits(cast.owner).get(MINE)
    page = answer.content.decode()
    assert rooms_on(answer) == ["room of owner"]
    assert "private matter of owner" in page
    assert f"<template data-source>{links['owner'].link}</template>" in page
    others = [links[name] for name in ("admin", "outsider")]
    assert [word for share in others for word in (share.token, str(share.id), share.title) if word in page] == []


def test_a_link_shows_who_is_there_what_was_sent_and_how_long_it_lasts(cast, sits, links):
    share = links["owner"]
    end(share, messages_sent=3, max_messages=20, max_concurrent_users=2)
    share = stored(share)
    with tenant_scope(cast.team.id):
        for name in ("Ada", "Grace"):
            leases.join(share, name=name)
        gone = leases.join(share, name="Linus", may_wait=True)
        leases.leave(share, token=gone.token)
    page = text_of(sits(cast.owner).get(MINE))
    assert "2 of 2 here · 3 of 20 messages · expires in 6" in page


def test_open_and_ended_links_stand_apart_newest_first(cast, sits):
    chat = ChatFactory(user=cast.owner)
    old, new, expired, revoked = (
        ShareFactory(chat=chat, title=title) for title in ("old", "new", "expired", "revoked")
    )
    now = timezone.now()
    for age, share in enumerate((revoked, expired, new, old)):
        end(share, created_at=now - timedelta(hours=age))
    end(expired, expires_at=now - timedelta(minutes=1))
    with tenant_scope(cast.team.id):
        revoke_share(share=revoked, by=cast.owner)
    client = sits(cast.owner)
    assert rooms_on(client.get(MINE)) == ["new", "old"]
    answer = client.get(MINE, {"state": "ended"})
    assert rooms_on(answer) == ["revoked", "expired"]
    page = answer.content.decode()
    assert [share.token for share in (expired, revoked) if share.token in page] == []  # neither opens anything
    assert f"/shares/{expired.id}/extend" in page
    assert f"/shares/{revoked.id}/extend" not in page


def test_whoever_has_no_link_is_told_how_to_make_one(cast, sits):
    assert "“Share” on a chat makes a link" in text_of(sits(cast.owner).get(MINE))


def test_what_people_call_a_link_stays_text(cast, sits):
    script = "<script>alert(1)</script>"
    share = ShareFactory(chat=ChatFactory(user=cast.owner, title=script), title=script, description=script)
    for client, path in ((sits(cast.owner), MINE), (sits(cast.admin), TEAMS), (sits(cast.admin), log_of(share))):
        page = client.get(path).content.decode()
        assert script not in page
        assert "&lt;script&gt;alert(1)" in page


def log_of(share):
    return f"/shares/{share.id}/log"


@pytest.mark.parametrize(("who", "path"), [("owner", MINE), ("admin", TEAMS)])
def test_a_list_costs_the_same_for_one_link_and_for_many(cast, sits, who, path):
    client = sits(getattr(cast, who))
    chat = ChatFactory(user=cast.owner)
    ShareFactory(chat=chat)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for user in (cast.owner, cast.admin, cast.teammate):
        for _ in range(3):
            ShareFactory(chat=ChatFactory(user=user))
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)


def test_long_lists_have_pages(cast, sits, monkeypatch):
    monkeypatch.setattr(lists, "LINKS_PER_PAGE", 2)
    chat = ChatFactory(user=cast.owner)
    for number in range(3):
        end(ShareFactory(chat=chat, title=f"room {number}"), created_at=timezone.now() + timedelta(seconds=number))
    client = sits(cast.owner)
    assert rooms_on(client.get(MINE)) == ["room 2", "room 1"]
    assert rooms_on(client.get(MINE, {"page": "2"})) == ["room 0"]
    for page in ("0", "-1", "9" * 400, "x", "\0"):
        assert client.get(MINE, {"page": page}).status_code in {200, 400}


# The team's


def test_admins_see_all_links_of_the_team_and_whose_they_are(cast, sits, links):
    answer = sits(cast.admin).get(TEAMS)
    assert sorted(rooms_on(answer)) == ["room of admin", "room of owner"]
    page = text_of(answer)
    assert cast.owner.email in page
    assert cast.outsider.email not in page


def test_admins_get_no_key_to_a_room_and_nothing_of_the_chat(cast, sits, links):
    share = links["owner"]
    client = sits(cast.admin)
    for path in (TEAMS, log_of(share), f"/shares/{share.id}/revoke"):
        page = client.get(path).content.decode()
        secrets = (share.token, share.link, share.sealed_token, share.token_hash, "private matter", str(share.chat_id))
        assert [word for word in secrets if word in page] == [], path
    assert client.get(f"/shares/{share.id}/qr.svg").status_code == 404
    assert client.get(f"/chats/{share.chat_id}").status_code == 404


def test_admins_revoke_and_extend_the_links_of_others_and_come_back(cast, sits, links):
    share, client = links["owner"], sits(cast.admin)
    extended = client.post(f"/shares/{share.id}/extend", {"days": "30", "next": "team-shares"})
    assert (extended.status_code, extended["Location"]) == (303, TEAMS)
    assert stored(share).expires_at == share.expires_at + timedelta(days=30)
    revoked = client.post(f"/shares/{share.id}/revoke", {"next": "team-shares"})
    assert (revoked.status_code, revoked["Location"]) == (303, TEAMS)
    assert rooms_on(client.get(TEAMS)) == ["room of admin"]
    assert "room of owner" in rooms_on(client.get(TEAMS, {"state": "ended"}))


@pytest.mark.parametrize("who", ["teammate", "outsider", "other_admin"])
@pytest.mark.parametrize("act", ["revoke", "extend"])
def test_nobody_else_touches_a_link(cast, sits, links, who, act):
    share, client = links["owner"], sits(getattr(cast, who))
    for pk in (share.id, uuid4()):
        assert client.post(f"/shares/{pk}/{act}", {"days": "30"}).status_code == 404
    assert (stored(share).revoked_at, stored(share).expires_at) == (None, share.expires_at)


def test_the_log_names_whose_chat_it_was_and_no_word_of_it(cast, sits, links):
    share = links["owner"]
    with tenant_scope(cast.team.id):
        change_share(share=share, title="a new title")
    sits(cast.admin).post(f"/shares/{share.id}/revoke")
    made, changed, revoked = (entries(cast.team, f"share.{verb}") for verb in ("created", "changed", "revoked"))
    name = f"a chat of {cast.owner.email}"
    assert {entry.object_name for entry in made} == {name, f"a chat of {cast.admin.email}"}
    assert [(entry.object_name, entry.details) for entry in changed] == [(name, {"fields": ["title"]})]
    assert [(entry.actor_name, entry.object_name) for entry in revoked] == [(cast.admin.email, name)]
    told = str([vars(entry) for entry in (*made, *changed, *revoked)])
    assert [word for word in ("private matter", "a new title", share.token, share.token_hash) if word in told] == []


# The switch


@pytest.fixture
def told(monkeypatch):
    """What groups are told once it is committed."""
    found = []

    async def tell(group, event):
        found.append((group, event))

    monkeypatch.setattr(groups, "tell", tell)
    return found


def test_switched_off_every_room_with_people_closes_at_once(
    cast,
    sits,
    links,
    told,
    django_capture_on_commit_callbacks,
):
    empty, inside, waiting = (ShareFactory(chat=links["owner"].chat, max_concurrent_users=1) for _ in range(3))
    with tenant_scope(cast.team.id):
        for share in (inside, waiting, links["admin"]):
            leases.join(share)
        leases.join(waiting, may_wait=True)
        expected = {share_group(share.id) for share in (inside, waiting, links["admin"])}
    with tenant_scope(cast.other_team.id):
        leases.join(links["outsider"])
    with django_capture_on_commit_callbacks(execute=True):
        answer = sits(cast.admin).post(SWITCH, {"allowed": "0"})
    assert (answer.status_code, answer["Location"]) == (302, TEAMS)
    ended = [group for group, event in told if event == {"type": "share.ended", "reason": "revoked"}]
    assert sorted(ended) == sorted(expected)  # one for each room, none of another team
    assert stored(empty).ending == "on_hold"
    page = text_of(Client().get(f"/share/{empty.token}"))
    assert "This link is closed for now." in page
    assert "revoked" not in page
    assert stored(links["outsider"]).ending is None


def test_whoever_switches_it_off_is_asked_first_and_told_how_many_rooms_close(cast, sits, links):
    client = sits(cast.admin)
    assert "Nobody is in a room right now." in text_of(client.get(TEAMS))
    for share in (links["owner"], links["admin"], links["outsider"]):
        with tenant_scope(share.team_id):
            leases.join(share)
    page = client.get(TEAMS)
    assert "2 rooms have people in them right now" in text_of(page)
    switch = re.search(r"<details>.*?</details>", page.content.decode(), flags=re.DOTALL)
    assert switch
    assert 'value="0"' in switch[0]
    client.post(SWITCH, {"allowed": "0"})
    assert "<details>" not in client.get(TEAMS).content.decode()


def test_switched_on_again_links_that_last_are_open_again(cast, sits, links):
    client = sits(cast.admin)
    client.post(SWITCH, {"allowed": "0"})
    assert not Team.objects.get(id=cast.team.id).allows_sharing
    assert "On hold" in text_of(client.get(TEAMS))
    mine = sits(cast.owner).get(MINE)
    assert "does not allow chats to be shared by link" in text_of(mine)
    assert links["owner"].token not in mine.content.decode()
    client.post(SWITCH, {"allowed": "1"})
    assert links["owner"].token in sits(cast.owner).get(MINE).content.decode()


def test_the_switch_leaves_other_settings_alone_and_is_recorded_once(cast, sits):
    Team.objects.filter(id=cast.team.id).update(settings={"registration": "open", "max_users": 5})
    client = sits(cast.admin)
    for allowed in ("0", "0", "1"):
        client.post(SWITCH, {"allowed": allowed})
    assert Team.objects.get(id=cast.team.id).settings == {"registration": "open", "max_users": 5, "sharing": True}
    told = [(entry.actor_name, entry.details) for entry in entries(cast.team, "team.changed")]
    assert told == [(cast.admin.email, {"fields": ["sharing"], "sharing": allowed}) for allowed in (False, True)]


@pytest.mark.parametrize("sent", [{}, {"allowed": ""}, {"allowed": "off"}, {"allowed": "\0"}, {"allowed": "00"}])
def test_a_senseless_switch_changes_nothing(cast, sits, sent):
    answer = sits(cast.admin).post(SWITCH, sent, follow=True)
    assert Team.objects.get(id=cast.team.id).settings == cast.team.settings
    assert answer.status_code == 400 or "Say whether chats may be shared" in text_of(answer)


def test_a_deactivated_owner_puts_their_links_on_hold(cast, sits, links):
    sits(cast.admin).post(f"/members/{cast.owner.id}/active", {"active": "0"})
    page = text_of(sits(cast.admin).get(TEAMS))
    assert re.search(rf"room of owner On hold.*?{cast.owner.email}.*?\(deactivated\)", page)
    assert re.search(r"room of admin (?!On hold)", page)
