"""Files with messages: what is taken, what is refused, who gets them, and what an agent is sent."""

import json
import struct
import zlib
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.kinds import Said
from chats import actions
from chats.attachments import clean_name
from chats.models import Attachment, Chat, Message, MessageStatus
from tenants.scope import tenant_scope
from tests.accounts.pictures import data_uri, picture
from tests.factories import AgentFactory, ChatFactory, MessageFactory

pytestmark = pytest.mark.django_db
EVENTS = {"accept": "text/event-stream"}  # else the answer would be waited for
PNG, PDF = picture(), b"%PDF-1.7\n\x00\xff"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 × 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


def upload(client: Any, chat: Chat, *files: tuple[str, bytes], content: str = "Look", **headers: str) -> Any:
    sent = [SimpleUploadedFile("x", data, "image/png") for _, data in files]
    for file, (name, _) in zip(sent, files, strict=True):
        file._name = name  # as somebody's own program sends it
    body = {"content": content, "files": sent}
    return client.post(f"/api/chats/{chat.id}/messages", body, headers={**EVENTS, **headers})


def as_json(client: Any, chat: Chat, body: Any, **headers: str) -> Any:
    path = f"/api/chats/{chat.id}/messages"
    return client.post(path, json.dumps(body), content_type="application/json", headers={**EVENTS, **headers})


def kept(chat: Chat) -> list[Attachment]:
    with tenant_scope(chat.team_id):
        return list(Attachment.objects.filter(message__chat=chat).order_by("message__position", "position").defer(None))


def refused(response: Any, chat: Chat) -> tuple[int, str]:
    body = response.json()
    assert body["detail"].endswith(".")
    with tenant_scope(chat.team_id):
        assert not Message.objects.filter(chat=chat).exists()
    return response.status_code, body["error_code"]


def finish(chat: Chat, status: str = MessageStatus.COMPLETE) -> None:
    """End the answer that a test began, which nobody writes."""
    with tenant_scope(chat.team_id):
        Message.objects.filter(chat=chat, status=MessageStatus.STREAMING).update(status=status, content="Seen")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[list[Said]]:
    """What the agent would be sent, call by call."""
    calls: list[list[Said]] = []

    def call_of(agent: Any, said: list[Said], **more: Any) -> Any:
        calls.append(said)
        return real(agent, said, **more)

    real = actions.call_of  # type: ignore[attr-defined]
    monkeypatch.setattr(actions, "call_of", call_of)
    return calls


def test_files_of_a_form_are_kept_with_their_message_and_told_of(owner: Any, chat: Chat) -> None:
    assert upload(owner, chat, ("a.png", PNG), ("b.txt", b"Hello")).status_code == 200
    question, answer = owner.get(f"/api/chats/{chat.id}").json()["messages"]
    picture_told, text_told = question["attachments"]
    assert set(picture_told) == {"id", "name", "media_type", "size", "url"}
    assert [picture_told[name] for name in ("name", "media_type", "size")] == ["a.png", "image/png", len(PNG)]
    assert [text_told[name] for name in ("name", "media_type", "size")] == ["b.txt", "text/plain", 5]
    assert "attachments" not in answer
    assert owner.get(picture_told["url"]).content == PNG
    assert owner.get(text_told["url"]).content == b"Hello"
    listed = owner.get("/api/chats").json()[0]["messages"][0]
    assert listed["attachments"] == question["attachments"]


def test_files_in_json_are_the_same(owner: Any, chat: Chat) -> None:
    sent = {"attachments": [{"name": "a.png", "data": data_uri(PNG, "text/html")}]}
    assert as_json(owner, chat, sent).status_code == 200
    [file] = kept(chat)
    assert (file.name, file.media_type, bytes(file.data)) == ("a.png", "image/png", PNG)
    with tenant_scope(chat.team_id):
        assert Message.objects.get(chat=chat, role="user").content == ""


def test_files_alone_are_a_message_and_name_a_chat_without_a_title(cast: Any, owner: Any) -> None:
    chat = ChatFactory(user=cast.owner, title="")
    assert upload(owner, chat, ("plan.pdf", PDF), content="").status_code == 200
    assert owner.get(f"/api/chats/{chat.id}").json()["title"] == "plan.pdf"


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("x.txt", picture("JPEG"), "image/jpeg"),
        ("x", picture("GIF"), "image/gif"),
        ("x.pdf", picture("WEBP"), "image/webp"),
        ("x.png", PDF, "application/pdf"),
        ("x.png", HTML, "text/plain"),
        ("x.html", HTML, "text/plain"),
        ("x.svg", SVG, "text/plain"),
        ("x.CSV", b"a,b", "text/csv"),
        ("x.md", "# ä".encode(), "text/markdown"),
        ("x.json", b"{not json", "application/json"),
        ("x.py", b"print()", "text/plain"),
    ],
)
def test_a_file_is_what_is_in_it(owner: Any, chat: Chat, name: str, data: bytes, media_type: str) -> None:
    assert upload(owner, chat, (name, data)).status_code == 200
    assert [(file.name, file.media_type) for file in kept(chat)] == [(name, media_type)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bomb(), id="bomb"),
        pytest.param(PNG[:60], id="half a PNG"),
        pytest.param(b"\xff\xd8\xff\xe0 no picture", id="no JPEG"),
        pytest.param(b"GIF89a<script>", id="no GIF"),
        pytest.param(b"PK\x03\x04\x14\x00\x06\x00", id="ZIP"),
        pytest.param(b"text with a \0", id="NUL"),
        pytest.param("text".encode("utf-16"), id="UTF-16"),
        pytest.param(b"caf\xe9", id="Latin-1"),
    ],
)
def test_what_is_not_taken_is_refused_by_name(owner: Any, chat: Chat, data: bytes) -> None:
    response = upload(owner, chat, ("good.txt", b"x"), ("odd.png", data))
    assert "“odd.png”" in response.json()["detail"]
    assert refused(response, chat) == (400, "BAD_ATTACHMENT")


def test_what_is_too_large_or_too_many_is_refused(owner: Any, chat: Chat, settings: Any) -> None:
    settings.MAX_ATTACHMENT_BYTES = 10
    settings.MAX_ATTACHMENTS = 2
    assert refused(upload(owner, chat, ("a.txt", b"x" * 11)), chat) == (413, "ATTACHMENT_TOO_LARGE")
    three = [(name, b"x") for name in ("a", "b", "c")]
    assert refused(upload(owner, chat, *three), chat) == (400, "TOO_MANY_ATTACHMENTS")
    sent = {"content": "x", "attachments": [{"name": "a", "data": data_uri(b"x")}] * 3}
    assert refused(as_json(owner, chat, sent), chat) == (400, "TOO_MANY_ATTACHMENTS")
    assert upload(owner, chat, ("a.txt", b"x" * 10), ("b.txt", b"x")).status_code == 200


def test_an_agent_that_takes_no_such_file_says_so(cast: Any, owner: Any) -> None:
    for kind, name, data in (("langflow", "a.txt", b"x"), ("ollama", "a.pdf", PDF)):
        chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team, kind=kind, name="Reader"))
        response = upload(owner, chat, (name, data))
        assert f"Reader cannot read “{name}”" in response.json()["detail"]
        assert refused(response, chat) == (400, "ATTACHMENT_NOT_TAKEN")


@pytest.mark.parametrize(
    "attachments",
    [
        "x",
        {},
        [1],
        [{}],
        [None],
        [{"name": "a"}],
        [{"data": data_uri(b"x")}],
        [{"name": 1, "data": data_uri(b"x")}],
        [{"name": "", "data": data_uri(b"x")}],
        [{"name": "a\0", "data": data_uri(b"x")}],
        *([{"name": "a", "data": data}] for data in (None, 1, "", "x", "data:,x", "data:;base64,é", "data:;base64,a")),
        [{"name": "a", "data": "https://example.org/a.png"}],
    ],
    ids=str,
)
def test_senseless_attachments_are_refused(owner: Any, chat: Chat, attachments: Any) -> None:
    assert refused(as_json(owner, chat, {"content": "x", "attachments": attachments}), chat)[0] == 400


def test_a_message_needs_a_text_or_a_file(owner: Any, chat: Chat) -> None:
    for body in ({}, {"attachments": []}, {"content": "", "attachments": []}):
        assert refused(as_json(owner, chat, body), chat) == (400, "VALIDATION_ERROR")
    assert refused(upload(owner, chat, content=" "), chat) == (400, "EMPTY_MESSAGE")
    response = owner.post(f"/api/chats/{chat.id}/messages", {"content": "x", "files": "no file"}, headers=EVENTS)
    assert refused(response, chat) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a b.txt", "a b.txt"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie: x.txt"),
        ("invoice\u202etxt.exe", "invoice txt.exe"),
        ("half \ud800 pair", "half pair"),
        ("..", "file"),
        ("", "file"),
        (" \t", "file"),
        ("x" * 300 + ".tar.gz", "x" * 197 + ".gz"),
        ("x." + "y" * 300, "x." + "y" * 178 + "." + "y" * 19),
    ],
)
def test_a_name_has_no_path_and_nothing_unseen(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


@pytest.mark.parametrize("way", ["api-chat-attachment", "chat-attachment"])
def test_a_file_is_handed_out_so_that_nothing_in_it_runs(owner: Any, chat: Chat, way: str) -> None:
    upload(owner, chat, ("bild ä.png", PNG), ('"notes"; ä.html', HTML), ("plan.pdf", PDF))
    answers = [owner.get(reverse(way, args=[chat.id, file.id])) for file in kept(chat)]
    assert [answer.content for answer in answers] == [PNG, HTML, PDF]
    assert [answer["Content-Type"] for answer in answers] == ["image/png", "text/plain", "application/pdf"]
    assert [answer["Content-Disposition"] for answer in answers] == [
        "inline; filename*=utf-8''bild%20%C3%A4.png",
        "attachment; filename*=utf-8''%22notes%22%3B%20%C3%A4.html",
        'attachment; filename="plan.pdf"',
    ]
    for answer in answers:
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "Authorization"} <= {name.strip() for name in answer["Vary"].split(",")}


@pytest.mark.parametrize("way", ["api-chat-attachment", "chat-attachment"])
def test_a_kept_file_is_not_sent_again_but_asked_for_each_time(
    cast: Any, owner: Any, client_of: Any, chat: Chat, way: str
) -> None:
    upload(owner, chat, ("a.png", PNG))
    address = reverse(way, args=[chat.id, kept(chat)[0].id])
    tag = owner.get(address)["ETag"]
    with CaptureQueriesContext(connection) as captured:
        again = owner.get(address, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert not any('"data"' in query["sql"] for query in captured)
    assert client_of(cast.teammate).get(address, headers={"if-none-match": tag}).status_code == 404


@pytest.mark.parametrize("way", ["api-chat-attachment", "chat-attachment"])
def test_a_file_of_somebody_elses_chat_is_a_file_that_does_not_exist(
    cast: Any, owner: Any, client_of: Any, chat: Chat, way: str
) -> None:
    upload(owner, chat, ("secret.txt", b"top secret"))
    [file] = kept(chat)
    for person in (cast.teammate, cast.admin, cast.outsider, cast.other_admin, cast.operator):
        own = ChatFactory(user=person)
        client = client_of(person)
        for chat_id in (chat.id, own.id):
            theirs, absent = (client.get(reverse(way, args=[chat_id, pk])) for pk in (file.id, uuid4()))
            assert theirs.status_code == absent.status_code == 404
            assert len(theirs.content) == len(absent.content)
            assert b"secret" not in theirs.content
    other = ChatFactory(user=cast.owner)
    assert owner.get(reverse(way, args=[other.id, file.id])).status_code == 404
    assert owner.get(reverse(way, args=[chat.id, file.id])).content == b"top secret"


def test_a_repeat_with_the_same_files_is_the_same_message(owner: Any, chat: Chat) -> None:
    key = {"idempotency_key": "k"}
    assert upload(owner, chat, ("a.png", PNG), **key).status_code == 200
    repeat = upload(owner, chat, ("a.png", PNG), **key)
    assert repeat["Idempotent-Replayed"] == "true"
    sent = {"content": "Look", "attachments": [{"name": "a.png", "data": data_uri(PNG)}]}
    assert as_json(owner, chat, sent, **key)["Idempotent-Replayed"] == "true"
    for files in ([], [("a.png", picture())], [("b.png", PNG)], [("a.png", PNG)] * 2):
        other = upload(owner, chat, *files, **key)
        assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert len(kept(chat)) == 1


def test_an_agent_is_sent_all_files_of_a_chat_and_of_no_other(
    cast: Any, owner: Any, chat: Chat, said: list[list[Said]]
) -> None:
    other = ChatFactory(user=cast.owner, agent=chat.agent)
    upload(owner, other, ("other.txt", b"of another chat"))
    upload(owner, chat, ("a.png", PNG), ("b.txt", b"Hello"))
    finish(chat)
    upload(owner, chat, ("c.pdf", PDF), content="And this?")
    question, answer, last = said[-1]
    assert [(file.name, file.media_type, file.data) for file in question.attachments] == [
        ("a.png", "image/png", PNG),
        ("b.txt", "text/plain", b"Hello"),
    ]
    assert (answer.attachments, [file.data for file in last.attachments]) == ((), [PDF])


def test_old_files_are_left_out_and_named_when_all_together_are_too_large(
    owner: Any, chat: Chat, settings: Any, said: list[list[Said]]
) -> None:
    settings.MAX_HISTORY_ATTACHMENT_BYTES = 25
    for name, size in (("old.txt", 1), ("large.txt", 15), ("new.txt", 10)):
        upload(owner, chat, (name, b"x" * size), content=f"See {name}")
        finish(chat)
    upload(owner, chat, ("last.txt", b"x" * 5), content="Last")
    sent = [(message.content, [file.name for file in message.attachments]) for message in said[-1][::2]]
    assert sent == [
        ("See old.txt\n\n[Sent before and left out here: old.txt]", []),
        ("See large.txt\n\n[Sent before and left out here: large.txt]", []),
        ("See new.txt", ["new.txt"]),
        ("Last", ["last.txt"]),
    ]


def test_another_try_sends_the_files_again_however_large(
    owner: Any, chat: Chat, settings: Any, said: list[list[Said]]
) -> None:
    settings.MAX_HISTORY_ATTACHMENT_BYTES = 4
    upload(owner, chat, ("a.txt", b"Hello"))
    finish(chat, MessageStatus.FAILED)
    assert owner.post(reverse("chat-retry", args=[chat.id])).status_code == 303
    assert [file.data for message in said[-1] for file in message.attachments] == [b"Hello"]


def test_an_agent_of_another_kind_now_is_not_sent_what_it_cannot_take(
    owner: Any, chat: Chat, said: list[list[Said]]
) -> None:
    upload(owner, chat, ("a.txt", b"Hello"))
    finish(chat)
    with tenant_scope(chat.team_id):
        assert chat.agent is not None
        type(chat.agent).objects.filter(id=chat.agent.id).update(kind="langflow")
    assert upload(owner, chat, content="And now?").status_code == 200
    assert said[-1][0].content.endswith("[Sent before and left out here: a.txt]")
    assert said[-1][0].attachments == ()


@pytest.mark.parametrize("count", [1, 12])
def test_a_chat_with_files_takes_the_same_queries_and_never_reads_the_files(
    owner: Any, chat: Chat, count: int, django_assert_num_queries: Any
) -> None:
    with tenant_scope(chat.team_id):
        for position in range(1, count + 1):
            message = MessageFactory(chat=chat, position=position, author=chat.user)
            for place in (1, 2):
                fields = {"name": f"{place}.txt", "media_type": "text/plain", "size": 1, "data": b"x"}
                Attachment.objects.create(message=message, position=place, **fields)
    who_is_asking = 1
    for path, most in ((f"/chats/{chat.id}", 7), (f"/api/chats/{chat.id}", 4), ("/api/chats", 4)):
        with django_assert_num_queries(who_is_asking + most) as captured:
            assert b"2.txt" in owner.get(path).content
        assert not any('"chats_attachment"."data"' in query["sql"] for query in captured)
    with CaptureQueriesContext(connection) as captured:
        assert owner.delete(f"/api/chats/{chat.id}").status_code == 204
    assert not any('"chats_attachment"."data"' in query["sql"] for query in captured)
    assert kept(chat) == []


def test_the_page_shows_pictures_and_names_other_files(owner: Any, chat: Chat) -> None:
    files = [SimpleUploadedFile("<b>.png", PNG), SimpleUploadedFile("b&c.txt", b"Hello")]
    response = owner.post(reverse("chat-send", args=[chat.id]), {"content": "", "files": files})
    assert response.status_code == 303
    page = owner.get(reverse("chat-detail", args=[chat.id])).content.decode()
    first, second = kept(chat)
    assert f'<img src="/chats/{chat.id}/attachments/{first.id}" alt="&lt;b&gt;.png"' in page
    assert f'href="/chats/{chat.id}/attachments/{second.id}"' in page
    assert '<span class="chip-name">b&amp;c.txt</span>' in page
    assert 'class="bubble"' not in page


def test_the_page_says_why_a_file_was_refused_and_that_it_has_to_be_chosen_again(owner: Any, chat: Chat) -> None:
    sent = {"content": "Kept <text>", "files": SimpleUploadedFile("a.zip", b"PK\x03\x04\0")}
    response = owner.post(reverse("chat-send", args=[chat.id]), sent)
    page = response.content.decode()
    assert response.status_code == 400
    assert "“a.zip” cannot be sent." in page
    assert "Kept &lt;text&gt;" in page
    assert "choose them again" in page


def test_the_page_offers_files_only_where_the_agent_takes_some(cast: Any, owner: Any) -> None:
    def page_of(kind: str) -> str:
        chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team, kind=kind))
        text: str = owner.get(reverse("chat-detail", args=[chat.id])).content.decode()
        return text

    assert 'accept="image/png,' in page_of("demo")
    assert 'type="file"' not in page_of("langflow")
