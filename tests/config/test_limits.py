"""A body that is larger than allowed is refused in the dress of its reader, with what to do."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from agents.models import AgentMember
from config.handler import Handler
from config.limits import BodyLimit
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, ChatFactory
from tests.keys import new_key

MIB = 2**20
FORM = "multipart/form-data; boundary=x"


async def answered(path, pieces, headers):
    app = BodyLimit(Handler())
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in {"host": "testserver", **headers}.items()]
    talk = ApplicationCommunicator(app, scope)
    for place, piece in enumerate(pieces, start=1):
        await talk.send_input({"type": "http.request", "body": piece, "more_body": place < len(pieces)})
    start = await talk.receive_output(10)
    body = (await talk.receive_output(10))["body"]
    return start["status"], {name.decode().lower(): value.decode() for name, value in start["headers"]}, body.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in pieces"])
@pytest.mark.parametrize("path", ["/sign-in", "/agents/new", "/chats/x/send", "/agents/x/avatar"])
def test_a_person_gets_a_page(settings, path, declared):
    settings.MAX_BODY_BYTES = settings.MAX_UPLOAD_BYTES = settings.MAX_AVATAR_BYTES = 1024
    length = {"content-length": str(MIB)} if declared else {"transfer-encoding": "chunked"}
    status, headers, page = asyncio.run(answered(path, [b"x" * 2048] * 4, {"content-type": FORM, **length}))
    assert (status, headers["connection"]) == (413, "close")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "content-security-policy" in headers
    assert "Go back, choose something smaller" in page
    assert "skip-link" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "field"), [("/api/chats", "error_code"), ("/v1/chat/completions", "error")])
def test_a_program_gets_json(settings, path, field):
    settings.MAX_BODY_BYTES = settings.MAX_UPLOAD_BYTES = 1024
    status, headers, body = asyncio.run(answered(path, [b"{"], {"content-length": str(MIB)}))
    assert (status, headers["content-type"], headers["connection"]) == (413, "application/json", "close")
    assert field in json.loads(body)


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_is_too_large_is_refused_in_its_own_words(cast):
    agent = AgentFactory(team=cast.team)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + b"x" * 8 * MIB
    headers = {"content-type": FORM, "authorization": f"Bearer {new_key(cast.admin)[1]}"}
    headers["content-length"] = str(len(body) + len(b"\r\n--x--\r\n"))
    told = asyncio.run(answered(f"/api/agents/{agent.pk}/avatar", [body, b"\r\n--x--\r\n"], headers))
    assert (told[0], json.loads(told[2])["detail"]) == (413, "A picture may have at most 2,097,152 bytes.")


def test_a_box_for_each_person_of_a_large_team_is_no_attack(cast, client_of):
    agent = AgentFactory(team=cast.team, audience="chosen")
    people = [str(cast.owner.pk)] * 5000
    answer = client_of(cast.admin).post(
        reverse("agent-members", args=[agent.pk]), {"people": people, "audience": "chosen"}
    )
    assert answer.status_code == 303
    with tenant_scope(cast.team.id):
        assert [member.user_id for member in AgentMember.objects.all()] == [cast.owner.pk]


def test_far_too_many_files_are_refused_in_a_sentence_and_nothing_typed_is_lost(cast, client_of, settings):
    chat = ChatFactory(user=cast.owner, agent=AgentFactory(team=cast.team))
    files = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(120)]
    sent = {"content": "My long thoughts", "files": files}
    answer = client_of(cast.owner).post(reverse("chat-send", args=[chat.pk]), sent)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert f"A message may bring at most {settings.MAX_ATTACHMENTS} files." in page
    assert "My long thoughts</textarea>" in page
