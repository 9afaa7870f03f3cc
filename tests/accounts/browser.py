"""A client that keeps cookies as browsers do."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

from django.http import HttpResponse
from django.test import Client


class Browser(Client):
    """Send a cookie under its own path only, and keep two of one name apart; Django's client does neither."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        self.kept: dict[tuple[str, str], Morsel[str]] = {}

    def request(self, **request: Any) -> HttpResponse:
        page = request["PATH_INFO"]
        sent = [kept for (_, path), kept in self.kept.items() if f"{page}/".startswith(f"{path.rstrip('/')}/")]
        self.cookies = SimpleCookie({morsel.key: morsel.value for morsel in sent})
        response = super().request(**request)
        for name, morsel in response.cookies.items():
            self.kept[name, morsel["path"]] = morsel
        self.kept = {place: morsel for place, morsel in self.kept.items() if morsel["max-age"] != 0}
        return response
