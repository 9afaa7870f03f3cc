"""What visitors see of a message and of an answer's frames, and above all what they do not."""

import pytest

from chats.frames import Frame
from chats.models import Message
from sharing.queries import share_of
from sharing.shown import author_of, frame_for_visitors, message_for_visitors, render_message
from tenants.scope import tenant_scope
from tests.factories import MessageFactory, UserFactory

NOTICE = {"id": 1, "kind": "tool", "title": "secret", "done": False}
ANSWERING = {"description": "The agent is answering.", "level": "info", "done": False}


@pytest.mark.parametrize(
    ("frame_type", "data", "shown"),
    [
        ("status", {"description": "The agent is answering.", "level": "info", "done": False}, ANSWERING),
        ("status", {"description": "You are number 3 in line.", "level": "info", "done": False, "place": 3}, ANSWERING),
        ("message", {"content": "Hi", "secret": 1}, {"content": "Hi"}),
        ("message", {"content": "Hi", "replace": True}, {"content": "Hi", "replace": True}),
        ("done", {"message": "x", "stopped": True, "secret": 1}, {"message": "Stream completed", "stopped": True}),
        (
            "error",
            {"message": "secret", "code": "SECRET"},
            {"message": "The agent could not answer.", "code": "AGENT_FAILED"},
        ),
    ],
)
def test_a_frame_tells_no_more_than_it_should(frame_type, data, shown):
    assert frame_for_visitors(Frame(frame_type, data, "place")) == Frame(frame_type, shown, "place")


@pytest.mark.parametrize("frame_type", ["chat", "entry", "usage"])
def test_a_frame_of_another_kind_is_not_for_visitors(frame_type):
    assert frame_for_visitors(Frame(frame_type, {"title": "secret"}, "")) is None


def test_what_the_agent_does_beside_its_answer_is_not_for_visitors():
    data = {"description": "Uses secret", "level": "info", "done": False, "notice": NOTICE}
    assert frame_for_visitors(Frame("status", data, "")) is None


@pytest.fixture
def said(share, cast):
    """Say something as somebody; return it as it is loaded for visitors, and the link."""

    def said(**fields):
        message = MessageFactory(chat=share.chat, position=3, **fields)
        with tenant_scope(share.team_id):
            return Message.objects.select_related("author").get(id=message.id), share_of(share.token)

    return said


@pytest.mark.parametrize("full_name", ["", "  ", "one@ours.org", "One <one@ours.org>"])
def test_a_person_without_a_name_is_the_host_or_a_member(said, cast, full_name):
    with tenant_scope(cast.team.id):
        type(cast.owner).objects.filter(id=cast.owner.id).update(full_name=full_name)
    member = UserFactory(team=cast.team, full_name=full_name, email="member@ours.org")
    assert author_of(*said(author=cast.owner)) == "The host"
    with tenant_scope(cast.team.id):
        Message.objects.filter(position=3).delete()
    assert author_of(*said(author=member)) == "A member"


def test_a_person_who_is_gone_is_a_member(said):
    assert author_of(*said(author=None)) == "A member"


def test_guests_and_agents_have_their_names(said, share, cast):
    guest = {"author": None, "guest_id": share.id}
    assert author_of(*said(**guest, guest_name="Vera")) == "Vera"
    with tenant_scope(cast.team.id):
        message = Message.objects.get(position=3)
        message.guest_name = ""
        assert author_of(message, share) == "Guest"
        answer = Message.objects.get(position=2)
        assert author_of(answer, share) == "Ada"
        share.chat.agent = None
        assert author_of(answer, share) == "Agent"


def test_a_visitor_is_none_of_the_team_whatever_they_call_themselves(said, share, cast):
    _, share = said(author=None, guest_id=share.id, guest_name=cast.owner.full_name)
    with tenant_scope(cast.team.id):
        history = Message.objects.select_related("author").filter(chat=share.chat).order_by("position")
        shown = [message_for_visitors(one, share) for one in history]
    assert shown[0]["author"] == shown[2]["author"]
    assert [one["is_visitor"] for one in shown] == [False, False, True]


def test_a_failed_answer_tells_not_why(said):
    notices = [{**NOTICE, "done": True}]
    failed = {"role": "assistant", "status": "failed", "error_code": "SECRET_TIMEOUT", "notices": notices}
    message, share = said(content="So far", **failed)
    shown = message_for_visitors(message, share)
    assert shown.keys() == {"role", "content", "id", "timestamp", "author", "is_visitor", "status"}
    assert (shown["content"], shown["status"]) == ("So far", "failed")
    html = render_message(message, share)
    assert "So far" in html
    for text in (str(shown), html):
        assert "secret" not in text.lower()


def test_a_message_is_text_on_the_page_too(said):
    message, share = said(author=None, guest_id="0" * 32, guest_name="<b>Vera</b>", content="<script>x</script>")
    html = render_message(message, share)
    assert "<b>" not in html
    assert "<script>" not in html
    assert "&lt;script&gt;x&lt;/script&gt;" in html
