"""What stands beside an answer is kept and shown, and whatever an agent puts into it stays text."""

from html.parser import HTMLParser

import pytest
from django.urls import reverse

from agents.actions import update_agent
from agents.events import RunSaved
from agents.models import Agent, RunStatus
from agents.relay import ledger
from agents.relay.ledger import Closing, Progress
from agents.relay.notices import Notices
from agents.relay.transcript import Ending
from agents.versions import keep_version
from agents.wire import Notice
from chats.models import Chat, Message
from chats.notices import beside_of, description
from chats.recording import record_answer
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, RunFactory, UserFactory

COMPLETE = Ending(RunStatus.COMPLETE)
SCRIPT = "</details><script>alert(1)</script>"
HOSTILE = [
    Notice("reasoning", text=f'{SCRIPT}\n<img src=x onerror="alert(1)"> [l](javascript:alert(1))'),
    Notice("tool", key="1", title=f'"onclick=alert(1)\n{SCRIPT}'),
    Notice("citation", key="1", title=SCRIPT, url='https://docs.test/"onmouseover=alert(1)>'),
    Notice("citation", key="2", title="Script", url="javascript:alert(1)"),
    Notice("citation", key="3", title="Ours", url="/sign-out"),
]


def kept(*told):
    notices = Notices()
    for notice in told:
        notices.add(notice)
    notices.close()
    return notices.kept()


class Read(HTMLParser):
    """Collects the links to elsewhere, the texts of lists and what would run a script."""

    def __init__(self, html):
        super().__init__()
        self.links, self.dangerous = {}, []
        self._link = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.dangerous += [tag] if tag == "script" and "src" not in names else []
        self.dangerous += [name for name in names if name.startswith("on")]
        if names.get("target") == "_blank":
            self._link = names["href"]
            self.links[self._link] = names["rel"]


def test_whatever_an_agent_tells_stays_text_on_the_page(owner, chat):
    MessageFactory(chat=chat, role="assistant", content="So.", notices=kept(*HOSTILE))
    page = owner.get(reverse("chat-detail", args=[chat.id])).content.decode()
    read = Read(page)
    assert read.dangerous == []
    assert read.links == {'https://docs.test/"onmouseover=alert(1)>': "noopener noreferrer nofollow"}
    assert page.count("&lt;script&gt;alert(1)") >= 3
    assert "Thought for a moment · used &quot;onclick=alert(1)" in page


def test_an_answer_without_notices_has_nothing_beside_it(owner, chat):
    MessageFactory(chat=chat, role="assistant", content="So.")
    page = owner.get(reverse("chat-detail", args=[chat.id])).content.decode()
    assert "<details class=" not in page.split("data-messages")[1].split("composer-dock")[0]
    assert "Sources" not in page


def test_a_page_without_scripts_says_what_is_going_on(owner, chat):
    run = RunFactory(user=chat.user, owner="elsewhere", lease_until=ledger.lease_end(), admitted_at=ledger.lease_end())
    notices = [
        {"id": 1, "kind": "reasoning", "title": "", "done": True, "text": "Hm."},
        {"id": 2, "kind": "tool", "title": "search", "done": False},
    ]
    MessageFactory(chat=chat, run=run, role="assistant", status="streaming", content="", notices=notices)
    page = owner.get(reverse("chat-detail", args=[chat.id])).content.decode()
    assert "Using search …" in page
    assert "Thought for a moment" not in page


def test_the_api_gives_the_notices_of_each_message(owner, chat):
    MessageFactory(chat=chat, position=1, content="Why?")
    MessageFactory(chat=chat, position=2, role="assistant", content="So.", notices=kept(*HOSTILE))
    question, answer = owner.get(f"/api/chats/{chat.id}").json()["messages"]
    assert question["notices"] == []
    assert answer["notices"] == kept(*HOSTILE)
    assert [notice.get("url") for notice in answer["notices"]].count(None) == 4


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        (Notice("reasoning", text="Hm."), "Thinking …"),
        (Notice("reasoning", text="Hm.", done=True), "Thought for a moment"),
        (Notice("tool", title="search_docs"), "Using search_docs …"),
        (Notice("tool", title="search_docs", done=True), "Used search_docs"),
        (Notice("tool", title="\n"), "Using a tool …"),
        (Notice("citation", title="Handbook", url="https://docs.test/h"), "Source: Handbook"),
        (Notice("citation", url="https://docs.test/h"), "Source: docs.test"),
        (Notice("citation", title="\n"), "Source: unnamed"),
    ],
)
def test_each_notice_is_said_in_one_line(notice, words):
    notices = Notices()
    notices.add(notice)
    assert description(notices.kept()[0]) == words


@pytest.mark.parametrize(
    ("told", "summary"),
    [
        ([], ""),
        ([Notice("citation", title="c")], ""),
        ([Notice("reasoning", text="Hm.")], "Thought for a moment"),
        ([Notice("tool", key="1", title="search"), Notice("tool", key="2", title="search")], "Used search"),
        (
            [Notice("reasoning", text="Hm."), Notice("tool", key="1", title="a"), Notice("tool", key="2", title="b")],
            "Thought for a moment · used 2 tools",
        ),
    ],
)
def test_the_summary_says_in_a_few_words_what_was_done(told, summary):
    assert beside_of(kept(*told)).summary == summary


# Kept with the run


@pytest.fixture
def answer(db):
    """An answer being written, and one of another team that could be hit by mistake."""
    answers = []
    for _ in range(2):
        agent = AgentFactory(kind="dify", webhook_url="https://dify.test/v1")
        with tenant_scope(agent.team_id):
            keep_version(agent, by=None)
        chat = ChatFactory(user=UserFactory(team=agent.team), agent=agent, conversation_id="theirs")
        run = RunFactory(
            user=chat.user, agent=agent, version=agent.version, owner=ledger.PROCESS, lease_until=ledger.lease_end()
        )
        fields = {"role": "assistant", "status": "streaming", "content": ""}
        answers.append(MessageFactory(chat=chat, run=run, **fields))
    yield answers[0]
    with tenant_scope(answers[1].team_id):
        other = Message.objects.select_related("chat").get(id=answers[1].id)
        assert (other.notices, other.chat.conversation_id) == ([], "theirs")


def stored(answer):
    with tenant_scope(answer.team_id):
        return Message.objects.select_related("chat").get(id=answer.id)


def test_notices_are_saved_before_any_text_and_with_the_end(answer):
    thinking = [{"id": 1, "kind": "reasoning", "title": "", "done": False, "text": "Hm."}]
    ledger.save_progress(answer.team_id, [Progress(answer.run_id, None, 0, notices=thinking)])
    assert (stored(answer).notices, stored(answer).content) == (thinking, "")
    ledger.save_progress(answer.team_id, [Progress(answer.run_id, "So", 0)])
    assert (stored(answer).notices, stored(answer).content) == (thinking, "So")
    ledger.close_run(Closing(answer.run_id, answer.team_id, "So.", 0, COMPLETE, notices=kept(*HOSTILE)))
    assert stored(answer).notices == kept(*HOSTILE)


def test_a_run_whose_process_died_keeps_the_notices_saved_last(answer):
    going_on = [notice | {"done": False} for notice in kept(*HOSTILE)]
    ledger.save_progress(answer.team_id, [Progress(answer.run_id, None, 0, notices=going_on)])
    with tenant_scope(answer.team_id):
        record_answer(RunSaved(answer.run_id, answer.team_id, None, 0, RunStatus.INTERRUPTED, "RUN_INTERRUPTED"))
    assert (stored(answer).status, stored(answer).notices) == ("interrupted", kept(*HOSTILE))


@pytest.mark.parametrize(("named", "remembered"), [("new", "new"), ("", ""), (None, "theirs"), ("theirs", "theirs")])
def test_the_name_of_the_conversation_is_kept_with_the_chat(
    answer, django_capture_on_commit_callbacks, named, remembered
):
    with django_capture_on_commit_callbacks() as callbacks:
        ledger.close_run(Closing(answer.run_id, answer.team_id, "So.", 0, COMPLETE, conversation_id=named))
    for callback in callbacks:
        with tenant_scope(answer.team_id):
            callback()
    assert stored(answer).chat.conversation_id == remembered


@pytest.mark.parametrize(
    ("changes", "remembered"),
    [
        ({"webhook_url": "https://elsewhere.test/v1"}, ""),
        ({"kind": "langflow"}, ""),
        ({"webhook_url": "https://dify.test/v1", "name": "Renamed"}, "theirs"),
    ],
)
def test_names_of_conversations_are_forgotten_when_their_agent_moves(answer, changes, remembered):
    with tenant_scope(answer.team_id):
        agent = Agent.objects.get(id=answer.chat.agent_id)
        untouched = ChatFactory(user=answer.chat.user, agent=AgentFactory(team=agent.team), conversation_id="another's")
        update_agent(agent=agent, changed_by=None, **changes)
        assert stored(answer).chat.conversation_id == remembered
        untouched.refresh_from_db()
        assert untouched.conversation_id == "another's"


@pytest.mark.parametrize("moved", [{"webhook_url": "https://elsewhere.test/v1"}, {"kind": "a2a"}])
def test_an_agent_that_moved_meanwhile_is_told_no_name_of_its_old_place(
    answer, django_capture_on_commit_callbacks, moved
):
    with tenant_scope(answer.team_id):
        Agent.objects.filter(id=answer.chat.agent_id).update(**moved)
        Chat.objects.filter(id=answer.chat_id).update(conversation_id="")
    with django_capture_on_commit_callbacks() as callbacks:
        ledger.close_run(Closing(answer.run_id, answer.team_id, "So.", 0, COMPLETE, conversation_id="old place"))
    for callback in callbacks:
        with tenant_scope(answer.team_id):
            callback()
    assert stored(answer).chat.conversation_id == ""
