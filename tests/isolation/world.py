"""Two teams with a row of every kind each, so that a leak has something to show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import ApiKey, AuditEntry, ExternalIdentity, Invitation, RefreshSession, User
from agents.models import Agent, AgentMember, AgentVersion, Run
from benchsessions import models as bench
from benchsessions.annotating import save_annotation
from benchsessions.sessions import Asked, lay_response, replace_questions
from benchsessions.uploads import keep_upload
from chats.models import Attachment, Chat, ChatMember, IdempotencyKey, Message, ReadMarker
from sharing.models import Participant, Share
from tenants.models import Team
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory, MessageFactory, RunFactory, ShareFactory


@dataclass
class Side:
    """One team's rows, one of each model, and all its agents."""

    team: Team
    user: User
    agents: list[Agent]
    rows: dict[type[models.Model], Any]

    @property
    def agent(self) -> Agent:
        return self.agents[0]

    @property
    def chat(self) -> Chat:
        return self.rows[Chat]


def furnish(user: User, *, agents: int) -> Side:
    """Give the team of a person a row of every model; `agents` agents named after the team's first letter."""
    team = user.team
    letter = team.slug[0]
    team_agents = [AgentFactory(team=team, name=f"{letter}{n}") for n in range(1, agents + 1)]
    run = RunFactory(user=user, agent=team_agents[0], owner="test", lease_until=timezone.now())
    chat = ChatFactory(user=user, agent=team_agents[0], title=f"chat of {letter}")
    message = MessageFactory(chat=chat, author=user, run=run, position=1, content=f"said by {letter}")
    share = ShareFactory(chat=chat, title=f"share of {letter}")
    with tenant_scope(team.id):
        now = timezone.now()
        visitor = Participant.objects.create(
            share=share, token_hash=letter * 64, name=f"visitor of {letter}", joined_at=now, lease_until=now
        )
        colleague = ChatMember.objects.create(chat=chat, user=user)
        marker = ReadMarker.objects.create(chat=chat, user=user, position=1)
        session = RefreshSession.objects.create(
            user=user, token_hash=letter * 64, expires_at=timezone.now() + timedelta(days=1)
        )
        key = IdempotencyKey.objects.create(user=user, chat=chat, answer=message, key=letter, content_hash="0" * 64)
        text = {"user": user, "name": letter, "key_prefix": f"parley_{letter}", "key_hash": user.id.hex}
        api_key = ApiKey.objects.create(**text, scopes=["chats:read"])
        identity = ExternalIdentity.objects.create(user=user, provider="github", subject=user.id.hex, email=user.email)
        member = AgentMember.objects.create(agent=team_agents[0], user=user)
        version = AgentVersion.objects.create(
            agent=team_agents[0], number=1, settings={"name": letter}, created_by=user
        )
        # An address that names a chat and a file of it is asked about both with one id.
        attachment = Attachment.objects.create(
            id=chat.id,
            message=message,
            position=1,
            name=f"{letter}.txt",
            media_type="text/plain",
            size=1,
            data=letter.encode(),
        )
        invitation = Invitation.objects.create(
            invited_by=user, accepted_by=user, token_hash=user.id.hex, expires_at=timezone.now() + timedelta(days=1)
        )
        entry = AuditEntry.objects.create(action="key.created", actor_kind="person", actor_name=user.email)
    extra = bench_rows(user, team_agents[0], letter)
    extra |= {ApiKey: api_key, ExternalIdentity: identity, Invitation: invitation, AuditEntry: entry}
    extra |= {AgentMember: member, AgentVersion: version, Attachment: attachment}
    extra |= {Share: share, Participant: visitor, ChatMember: colleague, ReadMarker: marker}
    rows = {User: user, Agent: team_agents[0], Run: run, Chat: chat, Message: message}
    return Side(team, user, team_agents, {**rows, **extra, RefreshSession: session, IdempotencyKey: key})


def bench_rows(user: User, agent: Agent, letter: str) -> dict[type[models.Model], Any]:
    """Make a row of each model of the bench, with words of the team's letter in it; at most three times a team."""
    with tenant_scope(user.team_id):
        before = bench.Analyst.objects.count()
        analyst = bench.Analyst.objects.create(user=user, login=f"{before:04}{ord(letter):04}")
        environment = bench.Environment.values[(before + 1) % 3]
        own = bench.EnvironmentSettings(
            analyst=analyst, environment="psi", values={"platformId": f"platform of {letter}"}
        )
        own.bearer_token = f"token of {letter}"
        own.save()
        target = bench.Target(environment=environment, agent=agent)
        target.headers = {"X-Key": f"header-of-{letter}"}
        target.save()
        questions = bench.QuestionSet.objects.create(name=f"set of {letter}{before or ''}", created_by=analyst)
        version = bench.QuestionSetVersion.objects.create(question_set=questions, number=1, n_questions=1)
        question = bench.Question.objects.create(version=version, position=1, body=f"question of {letter}")
        # An address that names an analyst and a session of theirs is asked about both with one id.
        session = bench.BenchSession.objects.create(
            id=analyst.id, owner=analyst, environment="psi", api_mode="backend", title=f"session of {letter}"
        )
        replace_questions(session, [Asked({"body": f"Как закрыть карту {letter}?", "with_docs": True})])
        lay_response(session, {"answers": [{"body": f"answer of {letter}"}]})
        said = {"overall": {"rating": "correct", "comment": f"judged by {letter}"}}
        annotation = save_annotation(session_id=session.id, index=0, author=analyst, data=said, version=0)
        item = session.items.get()
        flag = bench.Flag.objects.create(id=session.id, item=item, author=analyst, comment=f"flag of {letter}")
        second = bench.SecondOpinion.objects.create(session=session, reviewer=analyst, asked_by=analyst)
        run = bench.BenchRun.objects.create(session=session, started_by=analyst, state=bench.RunState.DONE)
        upload = keep_upload(owner=analyst, name=f"{letter}.csv", data=f"question of {letter}".encode())
        rows: list[Any] = [
            analyst,
            own,
            target,
            questions,
            version,
            question,
            session,
            item,
            annotation,
            flag,
            second,
            run,
            upload,
        ]
        rows.append(annotation.revisions.get())
    return {type(row): row for row in rows}
