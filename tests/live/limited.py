"""People with few calls, in a running server."""

import json

from tests.servers import Server

PASSWORD = "few-calls-but-good"
MAKE = """
import json
from django.contrib.auth.hashers import make_password
from accounts.models import Tier, User
from tenants.models import Team
from tenants.scope import tenant_scope
password = make_password({password!r})
with tenant_scope(Team.objects.get(slug="demo").id):
    for name, (hour, month) in json.loads({limits!r}).items():
        tier = Tier.objects.create(name=name, requests_per_hour=hour, runs_per_month=month)
        User.objects.create(email=name + "@demo.example", full_name=name, tier=tier, password=password)
"""


def add_limited(server: Server, limits: dict[str, tuple[int | None, int | None]]) -> dict[str, dict[str, str]]:
    """Add a person for each (calls an hour, calls a month) to the demo team; return how they sign in, by name."""
    server.manage("shell", "-c", MAKE.format(password=PASSWORD, limits=json.dumps(limits)))
    return {name: {"email": f"{name}@demo.example", "password": PASSWORD} for name in limits}
