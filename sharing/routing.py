"""The sockets of rooms."""

from django.urls import path

from sharing.consumers import ShareConsumer

websocket_urlpatterns = [path("ws/share/<str:token>", ShareConsumer.as_asgi())]
