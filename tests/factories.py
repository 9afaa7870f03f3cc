"""One factory a model; a row is made in the scope of its team."""

from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from accounts.models import User
from agents.models import Agent, Run, RunPurpose
from benchsessions.models import Analyst, BenchSession
from benchsessions.sessions import Asked, create_session
from chats.models import Chat, Message, MessageRole
from sharing.actions import create_share
from sharing.models import Share
from tenants.models import Team
from tenants.scope import tenant_scope

PASSWORD = "correct horse battery"


@cache
def hashed(password: str) -> str:
    """Hash a password once a run: the hash is as slow as it should be."""
    return make_password(password)


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")
    slug = factory.Sequence(lambda n: f"team-{n}")


class TenantFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    team = factory.SubFactory(TeamFactory)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with tenant_scope(kwargs["team"].id):
            return super()._create(model_class, *args, **kwargs)


class UserFactory(TenantFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    full_name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        password = kwargs.pop("password", PASSWORD)
        kwargs.setdefault("tier_id", "team")
        with tenant_scope(kwargs["team"].id):
            return model_class.objects.create(password=hashed(password), **kwargs)


class AgentFactory(TenantFactory):
    class Meta:
        model = Agent

    name = factory.Sequence(lambda n: f"Agent {n}")
    kind = "demo"
    config = {"demo_seconds": 0.2}


class ChatFactory(TenantFactory):
    class Meta:
        model = Chat

    team = factory.SelfAttribute("user.team")
    user = factory.SubFactory(UserFactory)
    agent = factory.SubFactory(AgentFactory, team=factory.SelfAttribute("..team"))
    title = factory.Sequence(lambda n: f"Chat {n}")


class MessageFactory(TenantFactory):
    class Meta:
        model = Message

    team = factory.SelfAttribute("chat.team")
    chat = factory.SubFactory(ChatFactory)
    position = factory.Sequence(lambda n: n + 1)
    role = MessageRole.USER
    content = factory.Sequence(lambda n: f"Sentence {n}.")


class RunFactory(TenantFactory):
    class Meta:
        model = Run

    team = factory.SelfAttribute("user.team")
    user = factory.SubFactory(UserFactory)
    agent = factory.SubFactory(AgentFactory, team=factory.SelfAttribute("..team"))
    agent_name = factory.SelfAttribute("agent.name")
    purpose = RunPurpose.CHAT


class ShareFactory(TenantFactory):
    """A link of a chat, made as its owner makes one."""

    class Meta:
        model = Share

    team = factory.SelfAttribute("chat.team")
    chat = factory.SubFactory(ChatFactory)
    title = "What we talked about"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        with tenant_scope(kwargs.pop("team").id):
            return create_share(**kwargs)


class AnalystFactory(TenantFactory):
    """Somebody whom the contract's back end knows by eight digits."""

    class Meta:
        model = Analyst

    login = factory.Sequence(lambda n: f"{n:08}")


class BenchSessionFactory(TenantFactory):
    """A session of two questions with an answer each, the first of them rated, made as the contract makes one."""

    class Meta:
        model = BenchSession

    team = factory.SelfAttribute("owner.team")
    owner = factory.SubFactory(AnalystFactory)
    environment = "psi"
    api_mode = "backend"
    said = "us"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        team, said = kwargs.pop("team"), kwargs.pop("said")
        questions = [f"Как закрыть карту {said}?", f"Где тарифы {said}?"]
        fields = {
            "questions": [Asked({"body": question, "with_docs": True}) for question in questions],
            "response": {"answers": [{"body": f"Answer of {said}"}, {"body": f"Another of {said}"}]},
            "annotations": {0: {"overall": {"rating": "correct", "comment": f"judged by {said}"}}},
            **kwargs,
        }
        with tenant_scope(team.id):
            return create_session(**fields)
