"""Every way the ORM reads, each with what it must see of five agents: o1 and o2 are ours, t1, t2 and t3 theirs."""

import pickle
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.functions import Upper

from accounts.models import User
from agents.models import Agent
from chats.models import Chat, Message
from tenants.models import Team

OURS, THEIRS = {"o1", "o2"}, {"t1", "t2", "t3"}
ALL = OURS | THEIRS
AT_IMPORT = Agent.objects.filter(name__gte="")  # as a class attribute of a form, a serializer or a view would be


class Read(NamedTuple):
    look: Callable[[], Any]
    ours: Any
    wide: Any


class AsyncRead(NamedTuple):
    look: Callable[[], Awaitable[Any]]
    ours: Any
    wide: Any


def names(agents: Any) -> set[str]:
    return {agent.name for agent in agents}


def theirs() -> Any:
    return Agent.objects.filter(name__startswith="t")


def plain() -> Any:
    return Agent.objects.order_by()  # SQLite takes no order inside a union


def found(look: Callable[[], Any]) -> Any:
    try:
        return look().name
    except Agent.DoesNotExist:
        return None


def locked() -> set[str]:
    with transaction.atomic():
        return names(Agent.objects.select_for_update())


def pickled_query() -> set[str]:
    query = pickle.dumps(AT_IMPORT.query)
    agents = Agent.objects.none()
    agents.query = pickle.loads(query)
    return names(agents)


def users_with_chats() -> set[str]:
    users = User.objects.prefetch_related(Prefetch("chats", Chat.objects.select_related("agent")))
    return {chat.agent.name for user in users for chat in user.chats.all()}


ALL_READS: dict[str, Read] = {
    "all": Read(lambda: names(Agent.objects.all()), OURS, ALL),
    "filter": Read(lambda: names(theirs()), set(), THEIRS),
    "exclude": Read(lambda: names(Agent.objects.exclude(name="o1")), {"o2"}, ALL - {"o1"}),
    "exclude over a relation": Read(
        lambda: names(Agent.objects.exclude(chats__title="chat of o")), {"o2"}, ALL - {"o1"}
    ),
    "complex_filter": Read(lambda: names(Agent.objects.complex_filter(Q(name__gt=""))), OURS, ALL),
    "negated Q": Read(lambda: names(Agent.objects.filter(~Q(name="o1"))), {"o2"}, ALL - {"o1"}),
    "get": Read(lambda: found(lambda: Agent.objects.get(name="t1")), None, "t1"),
    "first": Read(lambda: getattr(theirs().first(), "name", None), None, "t1"),
    "last": Read(lambda: Agent.objects.order_by("name").last().name, "o2", "t3"),
    "latest": Read(lambda: Agent.objects.latest("name").name, "o2", "t3"),
    "earliest": Read(lambda: found(lambda: theirs().earliest("name")), None, "t1"),
    "slice": Read(lambda: names(Agent.objects.order_by("-name")[:1]), {"o2"}, {"t3"}),
    "index": Read(lambda: Agent.objects.order_by("-name")[0].name, "o2", "t3"),
    "reverse": Read(lambda: [a.name for a in Agent.objects.order_by("name").reverse()][:1], ["o2"], ["t3"]),
    "iterator": Read(lambda: names(Agent.objects.iterator()), OURS, ALL),
    "len": Read(lambda: len(Agent.objects.all()), 2, 5),
    "bool": Read(lambda: bool(theirs()), False, True),
    "in": Read(lambda: "t1" in Agent.objects.values_list("name", flat=True), False, True),
    "count": Read(Agent.objects.count, 2, 5),
    "exists": Read(lambda: theirs().exists(), False, True),
    "exclude exists": Read(lambda: Agent.objects.exclude(name__startswith="o").exists(), False, True),
    "alias exists": Read(lambda: Agent.objects.alias(up=Upper("name")).filter(up="T1").exists(), False, True),
    "in_bulk": Read(lambda: names(Agent.objects.in_bulk().values()), OURS, ALL),
    "values": Read(lambda: {row["name"] for row in Agent.objects.values("name")}, OURS, ALL),
    "values_list": Read(lambda: set(Agent.objects.values_list("name", flat=True)), OURS, ALL),
    "distinct": Read(lambda: Agent.objects.values("kind", "name").distinct().count(), 2, 5),
    "only": Read(lambda: names(Agent.objects.only("name")), OURS, ALL),
    "defer": Read(lambda: names(Agent.objects.defer("name")), OURS, ALL),
    "dates": Read(lambda: len(theirs().dates("created_at", "year")), 0, 1),
    "datetimes": Read(lambda: len(theirs().datetimes("created_at", "year")), 0, 1),
    "aggregate": Read(lambda: Agent.objects.aggregate(last=Max("name"))["last"], "o2", "t3"),
    "annotate": Read(lambda: set(Agent.objects.annotate(up=Upper("name")).values_list("up", flat=True)),
                     {"O1", "O2"}, {name.upper() for name in ALL}),
    "group by": Read(lambda: list(Agent.objects.order_by().values("kind").annotate(n=Count("id")).values_list("n",
                     flat=True)), [2], [5]),
    "case": Read(lambda: Agent.objects.filter(Case(When(name__gt="", then=Value(True)), default=Value(False),
                 output_field=models.BooleanField())).count(), 2, 5),
    "or": Read(lambda: names(Agent.objects.filter(name="o1") | theirs()), {"o1"}, {"o1"} | THEIRS),
    "and": Read(lambda: names(Agent.objects.all() & theirs()), set(), THEIRS),
    "xor": Read(lambda: names(Agent.objects.filter(name="o1") ^ theirs()), {"o1"}, {"o1"} | THEIRS),
    "union": Read(lambda: names(plain().filter(name="o1").union(plain().filter(name__in=THEIRS))),
                  {"o1"}, {"o1"} | THEIRS),
    "intersection": Read(lambda: names(plain().intersection(plain().filter(name__in=THEIRS))), set(), THEIRS),
    "difference": Read(lambda: names(plain().difference(plain().filter(name="o1"))),
                       {"o2"}, ALL - {"o1"}),
    "subquery in": Read(lambda: {team.slug for team in Team.objects.filter(id__in=Agent.objects.values("team"))},
                        {"ours"}, {"ours", "theirs"}),
    "Subquery": Read(lambda: set(Team.objects.exclude(slug="operators").annotate(
                     agent=Subquery(Agent.objects.filter(team=OuterRef("pk")).order_by("name").values("name")[:1]))
                     .values_list("agent", flat=True)), {"o1", None}, {"o1", "t1"}),
    "Exists": Read(lambda: {team.slug for team in Team.objects.filter(Exists(Agent.objects.filter(
                   team=OuterRef("pk"))))}, {"ours"}, {"ours", "theirs"}),
    "not Exists": Read(lambda: Team.objects.filter(~Exists(Agent.objects.filter(team=OuterRef("pk")))).filter(
                       slug="theirs").count(), 1, 0),
    "filter by F over a relation": Read(lambda: {c.title for c in Chat.objects.filter(agent__team=F("team"))},
                                        {"chat of o"}, {"chat of o", "chat of t"}),
    "select_related": Read(lambda: {c.agent.name for c in Chat.objects.select_related("agent")}, {"o1"}, {"o1", "t1"}),
    "prefetch forward": Read(lambda: {c.agent.name for c in Chat.objects.prefetch_related("agent")},
                             {"o1"}, {"o1", "t1"}),
    "prefetch reverse": Read(users_with_chats, {"o1"}, {"o1", "t1"}),
    "values over relations": Read(lambda: set(Message.objects.values_list("chat__agent__name", flat=True)),
                                  {"o1"}, {"o1", "t1"}),
    "select_for_update": Read(locked, OURS, ALL),
    "default manager": Read(lambda: names(Agent._default_manager.all()), OURS, ALL),
    "base manager": Read(lambda: names(Agent._base_manager.all()), OURS, ALL),
    "db_manager": Read(lambda: names(Agent.objects.db_manager("default").all()), OURS, ALL),
    "using": Read(lambda: names(Agent.objects.using("default")), OURS, ALL),
    "made at import": Read(lambda: names(AT_IMPORT.all()), OURS, ALL),
    "pickled query": Read(pickled_query, OURS, ALL),
}  # fmt: skip


async def each(agents: Any) -> set[str]:
    return {agent.name async for agent in agents}


async def afound(look: Awaitable[Any]) -> Any:
    try:
        return (await look).name
    except Agent.DoesNotExist:
        return None


ASYNC_READS: dict[str, AsyncRead] = {
    "async for": AsyncRead(lambda: each(Agent.objects.all()), OURS, ALL),
    "async for exclude": AsyncRead(lambda: each(Agent.objects.exclude(name="o1")), {"o2"}, ALL - {"o1"}),
    "aiterator": AsyncRead(lambda: each(Agent.objects.aiterator()), OURS, ALL),
    "aget": AsyncRead(lambda: afound(Agent.objects.aget(name="t1")), None, "t1"),
    "alast": AsyncRead(lambda: afound(Agent.objects.order_by("name").alast()), "o2", "t3"),
    "alatest": AsyncRead(lambda: afound(Agent.objects.alatest("name")), "o2", "t3"),
    "aearliest": AsyncRead(lambda: afound(theirs().aearliest("name")), None, "t1"),
    "acount": AsyncRead(Agent.objects.acount, 2, 5),
    "aexists": AsyncRead(lambda: theirs().aexists(), False, True),
    "exclude aexists": AsyncRead(lambda: Agent.objects.exclude(name__startswith="o").aexists(), False, True),
    "aaggregate": AsyncRead(lambda: Agent.objects.aaggregate(last=Max("name")), {"last": "o2"}, {"last": "t3"}),
}
