"""The socket of a chat's page: it relays what happens, and calls nobody."""

import asyncio
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone

from accounts import resolver
from accounts.exceptions import ScopeRequired
from accounts.models import Scope, User
from accounts.principal import Principal
from accounts.queries import with_people
from agents.queries import may_use
from chats.api.serializers import MessageSerializer
from chats.events import Company, chat_group, company_of, member_types
from chats.live import rendering
from chats.models import Chat, Message, MessageStatus
from chats.queries import last_answer, may_write, readable_chats, with_known_agents
from chats.sockets import AnswerSocket, Close, source_of
from chats.typists import Typists
from tenants.groups import tell
from tenants.managers import find

RECHECK_SECONDS: Final = 4.0
COMPANY_PAUSE_SECONDS: Final = 0.3  # a crowd that comes at once is told once


class ChatConsumer(AnswerSocket):
    """Send the frames of a chat's answers and what else changes, to whoever of the team may read it."""

    principal: Principal
    user: User
    chat: Chat
    group = ""
    can_write = False

    async def connect(self) -> None:
        """Let in who may read the chat; whoever is let in hears all that happens from then on."""
        self.stirred = asyncio.Event()
        self.typists = Typists(self.stirred.set)
        self.sentence = ""
        principal = self.scope["principal"]
        if principal is None or principal.user is None:
            await self._turn_away(Close.SIGNED_OUT, "Sign in first.")
            return
        self.principal, self.user, self.team_id = principal, principal.user, principal.team_id
        if not principal.may(Scope.CHATS_READ):
            await self._turn_away(Close.FORBIDDEN, ScopeRequired(Scope.CHATS_READ).sentence)
            return
        chat = await self.in_team(self._load_chat, self.scope["url_route"]["kwargs"]["chat_id"])
        if chat is None:
            await self._turn_away(Close.NO_SUCH_CHAT, "There is no such chat.")
            return
        self.chat = chat
        self.can_write = await self.in_team(self._may_write)
        self.subject = f"chat {chat.id}"
        self.group = await self.in_team(chat_group, chat.id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        self.spawn(self._recheck())
        self.spawn(self._keep_company())
        await self._say_where_it_stands()

    async def _say_where_it_stands(self) -> None:
        """Tell what a page needs to see whether it missed something before the socket was open."""
        title, answer = await self.in_team(self._load_state)
        is_answering = answer is not None and answer.status == MessageStatus.STREAMING
        last = str(answer.id) if answer else ""
        await self.tell("state", {"title": title, "last_message_id": last, "is_answering": is_answering})
        if is_answering:
            self._follow(answer)

    async def _turn_away(self, code: Close, reason: str) -> None:
        await self.accept()
        await self.refuse(code, reason)

    async def disconnect(self, code: int) -> None:
        self.typists.clear()
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def typed(self) -> None:
        """Tell the others that this person types."""
        if self.group and await self.in_team(self._may_write):
            await tell(self.group, member_types(self.user, self.chat))

    # What the chat's group is told

    async def answer_started(self, event: dict[str, Any]) -> None:
        messages = await self.in_team(self._load_messages, [UUID(hex=text) for text in event["message_ids"]])
        for message in messages:
            self.typists.forget((message.author_id or message.guest_id or message.id).hex)
            await self._send_entry(message)
        if messages:
            self._follow(messages[-1])

    async def chat_changed(self, event: dict[str, Any]) -> None:
        await self.tell("chat", {"title": event["title"]})

    async def chat_deleted(self, event: dict[str, Any]) -> None:
        await self.refuse(Close.NO_SUCH_CHAT, "This chat was deleted.")

    async def members_changed(self, event: dict[str, Any]) -> None:
        await self._see_rights()

    async def chat_read(self, event: dict[str, Any]) -> None:
        if event["user_id"] != self.user.id.hex:
            message = {"message_id": str(UUID(hex=event["message_id"])), "position": event["position"]}
            await self.tell("read", {"user_id": str(UUID(hex=event["user_id"])), "name": event["name"], **message})

    async def chat_typing(self, event: dict[str, Any]) -> None:
        self.typists.note(event["who"], event["name"])

    async def company_changed(self, event: dict[str, Any]) -> None:
        self.sentence = event["sentence"] or self.sentence  # whoever has to go is told of after it
        self.stirred.set()

    # Company

    async def _keep_company(self) -> None:
        """Tell who else is here, at once and whenever it changes; not every change is told to us, so look as well.

        How many visitors there are is the business of the chat's person, to whom its page says so.
        """
        is_own = self.chat.user_id == self.user.pk
        told: tuple[Company, tuple[str, ...]] | None = None
        while True:
            self.stirred.clear()
            sentence, self.sentence = self.sentence, ""
            company = await self.in_team(company_of, self.chat) if is_own else Company()
            typists = self.typists.names(apart_from=self.user.id.hex)
            if (company, typists) != told or sentence:
                told, said = (company, typists), sentence or company.sentence
                await self.tell("company", {"visitors": company.visitors, "typing": [*typists], "sentence": said})
            await asyncio.sleep(COMPANY_PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_patience(company)):
                    await self.stirred.wait()

    # Messages

    def _follow(self, answer: Message) -> None:
        if source := source_of(answer):
            self.follow(source)

    async def html_of_ended(self, message_id: UUID) -> str:
        """Return an answer that ended, with a way to try again after a bad end."""
        ended = await self.in_team(self._load_ended, message_id)
        return await rendering(self._render, *ended) if ended else ""

    async def _send_entry(self, message: Message) -> None:
        data: dict[str, Any] = {"message_id": str(message.id), "role": message.role, "status": message.status}
        if self.html:
            data["html"] = await rendering(self._render, message, can_go_on=False)  # nothing has failed yet
        else:
            data["message"] = MessageSerializer(message).data
        await self.tell("entry", data)

    async def _recheck(self) -> None:
        """Close the socket soon after its person was signed out or deactivated, or lost the chat."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if not await resolver.still_valid(self.principal):
                await self.refuse(Close.SIGNED_OUT, "You were signed out. Reload the page to sign in again.")
                return
            await self._see_rights()

    async def _see_rights(self) -> None:
        """Close the socket of somebody who lost the chat; tell whoever may now take part, or no longer."""
        if not await self.in_team(self._may_still_read):
            await self.refuse(Close.NO_SUCH_CHAT, "This chat is no longer shared with you.")
            return
        can_write = await self.in_team(self._may_write)
        if can_write != self.can_write:
            self.can_write = can_write
            await self.tell("rights", {"can_write": can_write})

    # Database work, in the scope of the team

    def _load_chat(self, chat_id: UUID) -> Chat | None:
        return find(with_known_agents(readable_chats(self.user), self.user), id=chat_id)

    def _load_state(self) -> tuple[str, Message | None]:
        """Return the title and the last answer; a chat deleted meanwhile has told so, or will be found gone."""
        chat = Chat.objects.filter(id=self.chat.id).only("title").first()
        return str(chat or self.chat), last_answer(self.chat)

    def _may_still_read(self) -> bool:
        return readable_chats(self.user).filter(id=self.chat.id).exists()

    def _may_write(self) -> bool:
        return may_write(self.user, self.chat)

    def _load_messages(self, ids: list[UUID]) -> list[Message]:
        rows = with_people(Message.objects.filter(chat=self.chat, id__in=ids), "author").select_related("run")
        return list(rows.prefetch_related("attachments").order_by("position"))

    def _load_ended(self, message_id: UUID) -> tuple[Message, bool] | None:
        """Return an answer that ended, and whether it can be tried again; only a bad end makes that worth asking."""
        message = find(with_people(Message.objects.select_related("run", "chat__agent"), "author"), id=message_id)
        if message is None:
            return None
        return message, message.status != MessageStatus.COMPLETE and self._may_ask(message.chat)

    def _may_ask(self, chat: Chat) -> bool:
        return may_use(self.user, chat.agent) and self._may_write()

    def _render(self, message: Message, can_go_on: bool) -> str:
        context = {"message": message, "chat": self.chat, "can_go_on": can_go_on, "reader": self.user}
        return render_to_string("chats/_message.html", context)


def _patience(company: Company) -> float:
    """Return for how many seconds nothing need be asked about visitors; a link runs out in silence."""
    left = (company.until - timezone.now()).total_seconds() if company.until else RECHECK_SECONDS
    return min(max(left, 0.0), RECHECK_SECONDS)
