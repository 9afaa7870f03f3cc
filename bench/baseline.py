"""The usual way, to compare with: FastAPI, SQLAlchemy and httpx, a chat with its messages in one JSON column.

It speaks the part of Parley's API that the scenarios need. Kind to itself where that is common too: one shared
httpx client without a limit, a signed token instead of a session, and no checks beyond whose chat it is. Signing in
asks no password, because it is not measured.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

import httpx
import jwt
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SIGNING_KEY = "only for the comparison, nobody is let in with it"
engine = create_async_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)
Session = async_sessionmaker(engine, expire_on_commit=False)


def new_id() -> str:
    return str(uuid4())


class Base(DeclarativeBase):
    """The tables."""


class User(Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)


class Agent(Base):
    __tablename__ = "agents"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    webhook_url: Mapped[str]


class Chat(Base):
    __tablename__ = "chats"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    messages: Mapped[list[dict[str, Any]]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"), default=list)


class Credentials(BaseModel):
    email: str


class NewAgent(BaseModel):
    webhook_url: str


class NewChat(BaseModel):
    agent_id: str


class NewMessage(BaseModel):
    content: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=None)) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


async def signed_in(request: Request) -> User:
    try:
        claims = jwt.decode(request.cookies.get("access_token", ""), SIGNING_KEY, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    async with Session() as session:
        user = await session.get(User, claims["sub"])
    if user is None:
        raise HTTPException(401)
    return user


SignedIn = Annotated[User, Depends(signed_in)]


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/api/auth/login")
async def login(credentials: Credentials, response: Response) -> None:
    async with Session() as session:
        user = await session.scalar(select(User).where(User.email == credentials.email))
        if user is None:
            user = User(email=credentials.email)
            session.add(user)
            await session.commit()
    response.set_cookie("access_token", jwt.encode({"sub": user.id}, SIGNING_KEY))


@app.post("/api/agents", status_code=201)
async def add_agent(new: NewAgent, user: SignedIn) -> dict[str, str]:
    async with Session() as session:
        agent = Agent(webhook_url=new.webhook_url)
        session.add(agent)
        await session.commit()
    return {"id": agent.id}


@app.post("/api/chats", status_code=201)
async def add_chat(new: NewChat, user: SignedIn) -> dict[str, str]:
    async with Session() as session:
        chat = Chat(user_id=user.id, agent_id=new.agent_id)
        session.add(chat)
        await session.commit()
    return {"id": chat.id}


@app.post("/api/chats/{chat_id}/messages")
async def send(chat_id: str, new: NewMessage, user: SignedIn, request: Request) -> StreamingResponse:
    async with Session() as session:
        chat = await session.get(Chat, chat_id)
        if chat is None or chat.user_id != user.id:
            raise HTTPException(404)
        agent = await session.get(Agent, chat.agent_id)
        assert agent is not None
        chat.messages = [*chat.messages, {"role": "user", "content": new.content}]
        await session.commit()
    body = {"messages": chat.messages, "stream": True}
    answer = relay(request.app.state.client, agent.webhook_url, body, chat_id)
    return StreamingResponse(answer, media_type="text/event-stream")


async def relay(client: httpx.AsyncClient, url: str, body: dict[str, Any], chat_id: str) -> AsyncIterator[str]:
    text = ""
    async with client.stream("POST", url, json=body) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                content = json.loads(line[6:]).get("content", "")
                text += content
                yield f"data: {json.dumps({'type': 'message', 'data': {'content': content}})}\n\n"
    async with Session() as session:
        chat = await session.get(Chat, chat_id)
        assert chat is not None
        chat.messages = [*chat.messages, {"role": "assistant", "content": text}]
        await session.commit()
    yield f"data: {json.dumps({'type': 'done', 'data': {}})}\n\n"
