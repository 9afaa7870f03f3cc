"""A visitor at a link: which room it is, and whether they hold a place there. For pages, API and sockets alike."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts.addresses import Address, client_address
from accounts.limits import count_share_miss
from sharing.exceptions import ShareGone, ShareNotFound
from sharing.leases import Seat
from sharing.models import Participant, Share
from sharing.queries import participant_of, share_of
from tenants.scope import tenant_scope

SCHEME: Final = "share"
COOKIE_SECONDS: Final = 400 * 24 * 60 * 60  # the longest that browsers keep one


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at an open room; `token` is what they present, good or not, `participant` who that makes them."""

    share: Share
    address: Address | None
    token: str
    participant: Participant | None

    @property
    def is_in(self) -> bool:
        """Tell whether they hold a place right now."""
        return self.participant is not None and self.participant.is_in


@contextmanager
def visiting(request: HttpRequest, text: str) -> Iterator[Visit]:
    """Enter the scope of a link's team for a visitor's request.

    Raises `ShareNotFound`, `TooManyRequests` instead of it for an address that has tried many unknown links, and
    `ShareGone`.
    """
    address = client_address(request)
    share = found_share(text, address)
    with tenant_scope(share.team_id):
        yield visit(share, address, presented_token(share.id, request.headers, request.COOKIES))


def found_share(text: str, address: Address | None) -> Share:
    """Return the share of a link's token, open or not; an unknown one is counted against the address.

    A known one always passes: nobody guesses 128 random bits, and whoever plays shuts out nobody behind their address.
    """
    try:
        return share_of(text)
    except ShareNotFound:
        count_share_miss(address=address)
        raise


def visit(share: Share, address: Address | None, token: str) -> Visit:
    """Return who presents a token at a room; call it in the scope of its team."""
    if share.ending is not None:
        raise ShareGone(share.ending.label)
    return Visit(share, address, token, participant_of(share, token))


def presented_token(share_id: UUID, headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
    """Return the participant's token that a call brings: in its header, else in the cookie of this room."""
    scheme, _, credential = headers.get("Authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == SCHEME else cookies.get(cookie_name(share_id), "")


def cookie_name(share_id: UUID) -> str:
    """Name the cookie of a room: a browser may be in several."""
    return f"share_{share_id.hex[:16]}"


def keep_token(response: HttpResponseBase, share: Share, seat: Seat) -> None:
    """Have the browser keep a participant's token: whether it still opens the room, the server decides.

    The link's end is no measure, it can be moved. The path is the whole site, since it must reach the page, its calls
    and its socket.
    """
    response.set_cookie(
        cookie_name(share.id),
        seat.token,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def forget_token(request: HttpRequest, response: HttpResponseBase, share: Share, token: str) -> None:
    """Have the browser forget a participant's token, if that is the one it keeps."""
    name = cookie_name(share.id)
    if token and request.COOKIES.get(name) == token:
        response.delete_cookie(name, path="/", samesite="Lax")
