"""The ASGI application: pages and API, sockets, the relay and the bench's runs, which live with the server."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from agents.relay import WithRelay  # noqa: E402 - the apps must be ready first
from benchsessions.running import WithBenchRuns  # noqa: E402
from config.handler import Handler  # noqa: E402
from config.limits import BodyLimit  # noqa: E402
from config.routing import websocket_urlpatterns  # noqa: E402
from tenants.middleware import PrincipalSocketMiddleware  # noqa: E402
from tenants.threads import KeptThreads  # noqa: E402

application = WithBenchRuns(
    WithRelay(
        ProtocolTypeRouter(
            {
                "http": BodyLimit(KeptThreads(Handler())),
                "websocket": PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns)),
            }
        )
    )
)
