"""Files of messages in the administration: that they are there, never what is in them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chats.models import Attachment, Chat, Message
from tenants.scope import tenant_scope
from tests.admin.conftest import SignIn
from tests.admin.test_every_page import url
from tests.conftest import Cast
from tests.isolation.conftest import World

pytestmark = pytest.mark.django_db
BYTES = b"what is in the file"


@pytest.fixture
def file(world: World) -> Attachment:
    file: Attachment = world.ours.rows[Attachment]
    with tenant_scope(file.team_id):
        Attachment.objects.filter(id=file.id).update(data=BYTES, name="named.txt")
    return file


@pytest.mark.parametrize("who", ["admin", "operator"])
def test_files_are_listed_without_their_bytes_and_cannot_be_changed(
    cast: Cast, sits: SignIn, file: Attachment, who: str
) -> None:
    client = sits(getattr(cast, who))
    with CaptureQueriesContext(connection) as captured:
        for address in (url(Attachment, "changelist"), url(Attachment, "change", file.pk)):
            page = client.get(address).content
            assert b"named.txt" in page
            assert BYTES not in page
    assert not any('"chats_attachment"."data"' in query["sql"] for query in captured)
    assert client.post(url(Attachment, "change", file.pk), {"name": "x"}).status_code == 403


@pytest.mark.parametrize("model", [Chat, Message])
def test_deleting_what_it_hangs_on_never_reads_a_file(
    world: World, cast: Cast, sits: SignIn, file: Attachment, model: Any
) -> None:
    client, pk = sits(cast.admin), world.ours.rows[model].pk
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url(model, "delete", pk)).status_code == 200
        assert client.post(url(model, "delete", pk), {"post": "yes"}).status_code == 302
    assert not any('"chats_attachment"."data"' in query["sql"] for query in captured)
    with tenant_scope(file.team_id):
        assert not Attachment.objects.filter(pk=file.pk).exists()
