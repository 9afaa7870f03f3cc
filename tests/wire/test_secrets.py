"""What an agent says may hold its token, which nobody is to read."""

from uuid import uuid4

import pytest

from agents import outbound
from agents.kinds import Call, Said
from agents.kinds.http import MASK
from agents.relay import ledger
from agents.relay.driving import LiveRun, drive
from agents.relay.transcript import Transcript
from tests.wire.upstream import response, upstream


@pytest.mark.parametrize(("token", "shown"), [("sk-12345", MASK), ("key", "key"), ("", "")])
async def test_a_token_that_an_agent_repeats_is_masked(settings, monkeypatch, token, shown):
    settings.AGENT_ALLOWED_CIDRS, settings.AGENT_REQUIRE_HTTPS, booked = ["127.0.0.0/8"], False, []
    monkeypatch.setattr(ledger, "close_run", booked.append)
    refusal = response(f'{{"error": "Incorrect API key: {token}."}}', status="401 Unauthorized")
    async with upstream(refusal) as server:
        call = Call(kind="openai", url=server.url, token=token, messages=[Said("user", "Hi")])
        await drive(LiveRun(uuid4(), uuid4(), call, Transcript(uuid4())))
        await outbound.close()
    assert booked[0].diagnosis.endswith(f"Incorrect API key: {shown}.")
