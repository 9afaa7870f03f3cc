"""A list costs the same however long it is."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiKey, AuditEntry, ExternalIdentity, Invitation, RefreshSession, User
from agents.models import Agent, AgentMember, AgentVersion
from benchsessions import models as bench
from chats.models import Chat, ChatMember, Message, ReadMarker
from sharing.models import Participant, Share
from tests.admin.conftest import SignIn
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.factories import ChatFactory, UserFactory
from tests.isolation.conftest import World
from tests.isolation.world import furnish

MODELS = [
    User,
    RefreshSession,
    ApiKey,
    ExternalIdentity,
    Invitation,
    AuditEntry,
    Agent,
    AgentMember,
    AgentVersion,
    Chat,
    Message,
    ChatMember,
    ReadMarker,
    Share,
    Participant,
    bench.Analyst,
    bench.EnvironmentSettings,
    bench.QuestionSet,
    bench.QuestionSetVersion,
    bench.Question,
    bench.BenchSession,
    bench.Item,
    bench.Annotation,
    bench.AnnotationRevision,
    bench.Flag,
    bench.SecondOpinion,
    bench.BenchRun,
]
HEAVY = ("request", "answer", "raw_response")


@pytest.mark.parametrize("who", ["admin", "operator"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_costs_the_same_for_one_row_and_for_many(
    world: World, cast: Cast, sits: SignIn, model: Any, who: str
) -> None:
    client = sits(getattr(cast, who))
    client.get(url(model, "changelist"))
    with CaptureQueriesContext(connection) as few:
        client.get(url(model, "changelist"))
    grow(world, cast)
    with CaptureQueriesContext(connection) as many:
        client.get(url(model, "changelist"))
    assert len(many) == len(few)
    columns = [f'"{name}"' for name in HEAVY]
    assert not [query["sql"] for query in many if any(column in query["sql"] for column in columns)]


def grow(world: World, cast: Cast) -> None:
    for n in range(2):
        user = UserFactory(team=cast.team, email=f"more{n}@ours.org")
        furnish(user, agents=1)
        ChatFactory(user=user)
