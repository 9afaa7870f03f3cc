"""The access log of a link, for the chat's person and the team's admins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.audit import AuditAction
from accounts.decorators import member_required
from accounts.principal import PrincipalRequest
from sharing.models import Participant, Share
from sharing.queries import access_log, managed_shares
from tenants.numbers import page_asked
from tenants.spreadsheets import BYTE_ORDER_MARK, CONTENT_TYPE, as_download, csv_text

STAYS_PER_PAGE: Final = 100
MAX_EXPORTED: Final = 50_000
COLUMNS: Final = ["name", "asked", "joined", "until", "state", "address", "messages"]


@dataclass(frozen=True, slots=True)
class Stay:
    """What the log says of somebody; `until` is None while they are there or wait."""

    participant: Participant
    until: datetime | None

    @classmethod
    def of(cls, participant: Participant) -> "Stay":
        return cls(participant, participant.gone_at)

    @property
    def is_now(self) -> bool:
        return self.until is None

    @property
    def state(self) -> str:
        if self.is_now:
            return "Here now" if self.participant.joined_at else "Waiting"
        return "Was here" if self.participant.came_at else "Did not come in"

    @property
    def cells(self) -> list[object]:
        who = self.participant
        moments = [moment.isoformat() if moment else "" for moment in (who.asked_at, who.came_at, self.until)]
        return [str(who), *moments, self.state, who.address_prefix, who.messages_sent]


@require_safe
@member_required
def log(request: PrincipalRequest, share_id: UUID) -> HttpResponse:
    """Show who came in by a link, who waits, and who did not get in; the last first."""
    share = _managed(request, share_id)
    page = page_asked(request, access_log(share), STAYS_PER_PAGE)
    context = {
        "share": share,
        "is_own": share.chat.user_id == request.user.id,
        "page": page,
        "stays": [Stay.of(participant) for participant in page],
    }
    return render(request, "sharing/log.html", context)


@require_safe
@member_required
def log_csv(request: PrincipalRequest, share_id: UUID) -> HttpResponseBase:
    """Hand the log out, the last who came first."""
    share = _managed(request, share_id)
    stays = [Stay.of(participant) for participant in access_log(share)[:MAX_EXPORTED]]
    if request.method == "GET":  # who asks for the headers alone gets no rows
        audit.record(
            AuditAction.EXPORTED,
            team_id=share.team_id,
            target=share,
            target_name="a share link",
            what="access log",
            rows=len(stays),
        )
    text = csv_text([COLUMNS, *(stay.cells for stay in stays)])
    return as_download(HttpResponse(BYTE_ORDER_MARK + text, content_type=CONTENT_TYPE), f"access-log-{share.id}.csv")


def _managed(request: PrincipalRequest, share_id: UUID) -> Share:
    share: Share = get_object_or_404(managed_shares(request.user), id=share_id)
    return share
