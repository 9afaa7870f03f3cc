"""Versions under several hands at once, what they tell of a change, and which one a run used."""

import json
from itertools import pairwise

import pytest
from django.utils import timezone

from agents import actions
from agents.calls import call_of
from agents.failures import last_failures
from agents.kinds import Said
from agents.models import Agent, AgentVersion, Run, RunPurpose
from agents.relay.ledger import book_run
from agents.versions import changes
from tenants.scope import tenant_scope
from tests.accounts.parallel import at_once
from tests.factories import ChatFactory
from tests.isolation.conftest import sits  # noqa: F401 - a fixture

HANDS = 6


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_moment_each_make_a_version_and_none_is_lost(cast):
    with tenant_scope(cast.team.id):
        agent = actions.create_agent(created_by=cast.admin, name="Helper", kind="demo")
    fields = [{"description": "d"}, {"system_prompt": "p"}, {"user_agent": "u"}, {"auth_kind": "none"},
              {"max_concurrent": 2}, {"limits": {"total": 60}}]  # fmt: skip

    def change(number):
        with tenant_scope(cast.team.id):
            actions.update_agent(agent=Agent.objects.get(pk=agent.pk), changed_by=cast.admin, **fields[number])

    at_once(HANDS, change)
    with tenant_scope(cast.team.id):
        agent.refresh_from_db()
        versions = list(AgentVersion.objects.filter(agent=agent).order_by("number"))
    assert [version.number for version in versions] == [*range(1, HANDS + 2)]
    assert agent.version_id == versions[-1].pk
    wanted = {name: value for change in fields for name, value in change.items()}
    assert {name: getattr(agent, name) for name in wanted} == wanted
    assert {name: versions[-1].settings[name] for name in wanted} == wanted
    steps = [changes(before.settings, after.settings) for before, after in pairwise(versions)]
    assert [len(step) for step in steps] == [1] * HANDS


@pytest.mark.django_db(transaction=True)
def test_of_those_who_saw_the_same_version_one_writes(cast):
    with tenant_scope(cast.team.id):
        agent = actions.create_agent(created_by=cast.admin, name="Helper", kind="demo")

    def change(number):
        with tenant_scope(cast.team.id):
            try:
                actions.update_agent(agent=agent, changed_by=cast.admin, seen=1, name=f"by {number}")
            except actions.ChangedMeanwhile:
                return None
            return f"by {number}"

    written = [name for name in at_once(HANDS, change) if name]
    assert len(written) == 1
    with tenant_scope(cast.team.id):
        agent.refresh_from_db()
        assert (agent.name, agent.version.number) == (written[0], 2)


@pytest.mark.django_db(transaction=True)
def test_an_agent_moves_while_its_runs_are_booked(cast):
    with tenant_scope(cast.team.id):
        agent = actions.create_agent(created_by=cast.admin, name="Helper", webhook_url="https://a.example.org/")
    chats = [ChatFactory(user=cast.owner, agent=agent, conversation_id="theirs") for _ in range(HANDS)]

    def book_or_move(number):
        with tenant_scope(cast.team.id):
            if number % 2:
                there = f"https://b{number}.example.org/"
                return actions.update_agent(agent=agent, changed_by=cast.admin, webhook_url=there)
            chat = type(chats[0]).objects.select_related("agent").get(pk=chats[number].pk)
            run, _ = book_run(agent=chat.agent, user=cast.owner, purpose=RunPurpose.CHAT, chars_in=1)
            call = call_of(chat.agent, [Said("user", "x")], user="", conversation_id="", message_id="")
            return run.pk, call.url

    done = at_once(HANDS, book_or_move)
    with tenant_scope(cast.team.id):
        for pk, url in done[::2]:
            assert Run.objects.get(pk=pk).version.settings["webhook_url"] == url  # what it really used
        assert not type(chats[0]).objects.exclude(conversation_id="").exists()


def test_what_was_the_same_again_is_no_version(cast):
    with tenant_scope(cast.team.id):
        agent = actions.create_agent(created_by=cast.admin, name="Helper", kind="demo", limits={"total": 1.5})
        for _ in range(2):
            actions.update_agent(agent=agent, changed_by=cast.admin, name="Helper", limits={"total": 1.5}, avatar=None)
        assert AgentVersion.objects.count() == 1


def test_a_run_keeps_its_version_whatever_becomes_of_the_agent(cast):
    with tenant_scope(cast.team.id):
        agent = actions.create_agent(created_by=cast.admin, name="Helper", kind="demo", system_prompt="first")
        run, _ = book_run(agent=agent, user=None, purpose=RunPurpose.TEST, chars_in=1)
        actions.update_agent(agent=agent, changed_by=cast.admin, system_prompt="second")
        run.refresh_from_db()
        assert run.version.settings["system_prompt"] == "first"
        actions.delete_agent(agent=agent)
        run.refresh_from_db()
        assert (run.agent, run.version.settings["system_prompt"]) == (None, "first")


def told(before, after):
    return [(change.name, [f"{line.sign}{line.text}" for line in change.lines]) for change in changes(before, after)]


def test_a_change_is_told_line_by_line():
    before = {"name": "a", "system_prompt": "one\ntwo\nthree", "config": {"m": 1}, "max_concurrent": None}
    after = {"name": "b", "system_prompt": "one\nzwei\nthree", "config": {"m": 1}, "max_concurrent": 2}
    assert told(before, after) == [
        ("name", ["-a", "+b"]),
        ("system_prompt", [" one", "-two", "+zwei", " three"]),
        ("max_concurrent", ["+2"]),
    ]
    assert told({"config": {}}, {"config": {"m": {"n": 1}}})[0][1][-1] == "+}"
    far = "\n".join(map(str, range(40)))
    lines = told({"system_prompt": far}, {"system_prompt": far.replace("5\n", "x\n")})[0][1]
    assert "@" in lines
    assert len(lines) < 40


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n" * 100_000, "x\n" * 50_000),
        ("x" * 100_000, "y" * 100_000),
        ("\n".join(f"{n % 7}" for n in range(990)), "\n".join(f"{n % 5}" for n in range(990))),
        ("\r\u2028\x85" * 30_000, "\ud7ff"),
    ],
)
def test_what_is_told_of_hostile_texts_is_bounded(before, after):
    (change,) = changes({"system_prompt": before}, {"system_prompt": after})
    assert len(json.dumps([line.text for line in change.lines])) < 200_000


def test_a_failure_says_in_which_version_it_was(cast, sits):  # noqa: F811
    with tenant_scope(cast.team.id):
        agent = actions.create_agent(created_by=cast.admin, name="Helper", kind="demo")
        failed = {"status": "failed", "error_code": "agent_html", "ended_at": timezone.now()}
        run, _ = book_run(agent=agent, user=None, purpose=RunPurpose.TEST, chars_in=1)
        Run.objects.filter(pk=run.pk).update(**failed)
        actions.update_agent(agent=agent, changed_by=cast.admin, system_prompt="second")
        (failure,) = last_failures(agent)
    assert failure.version == 1
    assert "· version 1" in sits(cast.admin).get(f"/agents/{agent.pk}").content.decode()
