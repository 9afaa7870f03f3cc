"""An agent at an address that the guard forbids: the operator allowed it once, so it could be saved."""

from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.servers import Server

FORBIDDEN = "http://10.0.0.1/"
MOVE = """
from agents.models import Agent
from tenants.scope import unsafe_all_tenants
with unsafe_all_tenants(reason="test"):
    assert Agent.objects.filter(id={agent!r}).update(webhook_url={url!r}) == 1
"""


def add_forbidden_agent(server: Server, admin: Person) -> str:
    """Add an agent and let its address become one that may not be dialled; return its id."""
    agent = add_agent(admin, "https://agent.example/hook")
    server.manage("shell", "-c", MOVE.format(agent=agent, url=FORBIDDEN))
    return agent
