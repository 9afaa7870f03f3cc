"""Querysets, forms and serializers made before anybody asked, and rows that were read for somebody else."""

import pickle
from typing import Any

import pytest
from django import forms
from django.db import connection
from rest_framework import serializers

from agents.models import Agent
from chats.models import Chat
from tenants.exceptions import NoTeamInScope
from tenants.managers import _scoped_query
from tenants.scope import tenant_scope, unsafe_all_tenants
from tests.isolation.conftest import World


class ChatForm(forms.ModelForm):
    class Meta:
        model = Chat
        fields = ["agent"]


class PlainForm(forms.Form):
    agent = forms.ModelChoiceField(Agent.objects.all())


class ChatSerializer(serializers.ModelSerializer):
    class Meta:
        model = Chat
        fields = ["agent"]


class KeySerializer(serializers.Serializer):
    agent = serializers.PrimaryKeyRelatedField(queryset=Agent.objects.all())


@pytest.fixture
def kept() -> Any:
    return Agent.objects.order_by("name")


def test_a_queryset_asked_by_two_teams_answers_each_with_its_own(world: World, kept: Any) -> None:
    with tenant_scope(world.ours.team.id):
        assert [agent.name for agent in kept] == ["o1", "o2"]
    with tenant_scope(world.theirs.team.id):
        assert [agent.name for agent in kept] == ["t1", "t2", "t3"]
        assert len(kept) == 3
        assert kept[0].name == "t1"
        assert kept.count() == 3
        assert world.ours.agent not in kept
    with unsafe_all_tenants(reason="test"):
        assert len(kept) == 5
    with tenant_scope(world.ours.team.id):
        assert len(kept) == 2


def test_the_query_kept_for_a_model_learns_nothing_from_those_made_of_it(world: World) -> None:
    def aliases() -> dict[str, int]:
        return {table: len(names) for table, names in _scoped_query(Chat).table_map.items()}

    with tenant_scope(world.ours.team.id):
        before = aliases()
        for _ in range(3):
            joined = Chat.objects.select_related("user__team", "agent__team").filter(messages__content="")
            assert f"{connection.ops.quote_name('team_id')} = " in str(joined.query)
            assert list(joined) == []
        assert aliases() == before


def test_rows_read_in_a_scope_may_be_walked_after_it(world: World, kept: Any) -> None:
    with tenant_scope(world.ours.team.id):
        assert bool(kept)
    assert [agent.name for agent in kept] == ["o1", "o2"]


def test_a_queryset_read_once_asks_once(world: World, kept: Any, django_assert_num_queries: Any) -> None:
    with tenant_scope(world.ours.team.id), django_assert_num_queries(1):
        assert [list(kept), len(kept), bool(kept)] == [list(kept), 2, True]


def test_pickled_rows_do_not_travel_to_another_team(world: World, kept: Any) -> None:
    with tenant_scope(world.ours.team.id):
        frozen = pickle.dumps(kept)
    with tenant_scope(world.theirs.team.id):
        assert [agent.name for agent in pickle.loads(frozen)] == ["t1", "t2", "t3"]


def test_prefetched_rows_are_served_from_memory(world: World, django_assert_num_queries: Any) -> None:
    with tenant_scope(world.ours.team.id):
        agents = list(Agent.objects.prefetch_related("chats"))
        with django_assert_num_queries(0):
            assert [[chat.title for chat in agent.chats.all()] for agent in agents] == [["chat of o"], []]


@pytest.mark.parametrize("form", [ChatForm, PlainForm])
def test_a_form_offers_and_takes_only_our_rows(world: World, form: Any) -> None:
    with tenant_scope(world.ours.team.id):
        offered = [str(label) for value, label in form().fields["agent"].choices if value]
        assert offered == ["o1", "o2"]
        assert form({"agent": str(world.ours.agent.id)}).is_valid()
        refused = form({"agent": str(world.theirs.agent.id)})
        assert not refused.is_valid()
        absent = form({"agent": "00000000-0000-4000-8000-000000000000"})
        assert refused.errors == absent.errors
    with pytest.raises(NoTeamInScope):
        form({"agent": str(world.ours.agent.id)}).is_valid()


@pytest.mark.parametrize("serializer", [ChatSerializer, KeySerializer])
def test_a_serializer_takes_only_our_rows(world: World, serializer: Any) -> None:
    with tenant_scope(world.ours.team.id):
        assert serializer(data={"agent": str(world.ours.agent.id)}).is_valid()
        refused = serializer(data={"agent": str(world.theirs.agent.id)})
        assert not refused.is_valid()
        assert refused.errors["agent"][0].code == "does_not_exist"
    with pytest.raises(NoTeamInScope):
        serializer(data={"agent": str(world.ours.agent.id)}).is_valid()


def test_a_poisoned_reference_shows_nothing_where_django_reads_by_itself(world: World) -> None:
    """The database refuses such a row at commit; were it there all the same, the base manager would not follow it."""
    chat = world.ours.chat
    with unsafe_all_tenants(reason="poison"):
        Chat.objects.filter(id=chat.id).update(agent=world.theirs.agent)
    try:
        with tenant_scope(world.ours.team.id):
            assert [a.name for a in world.theirs.user.chats.all()] == []
            assert list(world.theirs.agent.chats.values_list("title", flat=True)) == ["chat of o"]
            with pytest.raises(Agent.DoesNotExist):
                _ = Chat.objects.get(id=chat.id).agent
            assert Chat.objects.prefetch_related("agent").get(id=chat.id).agent is None
    finally:
        with unsafe_all_tenants(reason="cure"):
            Chat.objects.filter(id=chat.id).update(agent=world.ours.agent)
        connection.check_constraints()
