"""The ASGI application: pages and API, sockets, and the relay that lives with the server."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http_application = get_asgi_application()

from agents.relay import WithRelay  # noqa: E402 - the apps must be ready first
from chats.routing import websocket_urlpatterns  # noqa: E402
from config.limits import BodyLimit  # noqa: E402
from tenants.middleware import PrincipalSocketMiddleware  # noqa: E402
from tenants.threads import KeptThreads  # noqa: E402

application = WithRelay(
    ProtocolTypeRouter(
        {
            "http": BodyLimit(KeptThreads(http_application)),
            "websocket": PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns)),
        }
    )
)
