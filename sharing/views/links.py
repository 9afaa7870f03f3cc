"""The links of one chat, for its owner: made, shown, extended, changed and revoked, on pages that need no script."""

from io import BytesIO
from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import member_required
from accounts.names import in_print
from accounts.principal import PrincipalRequest
from chats.models import Chat
from chats.queries import own_chats
from sharing import actions
from sharing.exceptions import SharingOff
from sharing.forms import ChangeLinkForm, ExtendForm, NewLinkForm
from sharing.models import MAX_DAYS, Share
from sharing.queries import managed_shares, shares_of
from tenants.exceptions import ParleyError

LISTS = frozenset({"shares", "team-shares"})
MOST_SHOWN = 100
QR_SCALE = 8  # pixels a module; a phone reads it from a screen at any size


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def links(request: PrincipalRequest, chat_id: UUID) -> HttpResponse:
    """Show the links of one's own chat; a sent form makes one."""
    chat = get_object_or_404(own_chats(request.user).select_related("team"), id=chat_id)
    form = NewLinkForm(request.POST or None, initial={"title": in_print(chat.title)})
    if request.method != "POST" or not form.is_valid():
        return _links_page(request, chat, form)
    if form.is_repeat():
        messages.info(request, "This link was made already.")
        return _see_links(chat)
    try:
        made = actions.create_share(chat=chat, **form.cleaned_data)
    except ParleyError as error:
        form.refuse(error)
        return _links_page(request, chat, form)
    return _see_links(chat, made)


def _links_page(request: PrincipalRequest, chat: Chat, form: NewLinkForm) -> HttpResponse:
    refusal = None if chat.team.allows_sharing else SharingOff()
    shares = list(shares_of(chat)[:MOST_SHOWN])
    context = {
        "chat": chat,
        "form": form,
        "refusal": refusal,
        "lasting": [share for share in shares if not share.is_over],
        "ended": [share for share in shares if share.is_over],
        "made": request.GET.get("made", ""),
    }
    response = render(request, "sharing/links.html", context)
    if refusal:
        refusal.mark(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def change(request: PrincipalRequest, share_id: UUID) -> HttpResponse:
    """Change what a link of one's own chat says and allows."""
    share = _managed(request, share_id, chat__user=request.user)
    form = ChangeLinkForm(request.POST or None, share=share)
    if request.method != "POST" or not form.is_valid():
        return render(request, "sharing/link_change.html", {"share": share, "form": form})
    try:
        actions.check_changeable(share)
    except SharingOff as error:
        form.refuse(error)
        response = render(request, "sharing/link_change.html", {"share": share, "form": form})
        error.mark(response)
        return response
    if form.changes:
        actions.change_share(share=share, **form.changes)
        messages.success(request, "The link is changed.")
    return _see_links(share.chat)


@require_POST
@member_required
def extend(request: PrincipalRequest, share_id: UUID) -> HttpResponse:
    """Keep a link valid for some days more."""
    share = _managed(request, share_id)
    form = ExtendForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"A link is extended by 1 to {MAX_DAYS} days.")
        return _see_list(request, share)
    if form.is_repeat():
        messages.info(request, "This link was extended already.")
        return _see_list(request, share)
    try:
        actions.extend_share(share=share, days=form.cleaned_data["days"])
    except ParleyError as error:
        messages.error(request, error.sentence)
    else:
        name = format_html("The link <bdi>“{}”</bdi>", share.title) if share.title else "The link"
        until = f"{share.expires_at:%-d %B %Y, %H:%M} UTC"
        messages.success(request, format_html("{} is valid until {}.", name, until))
    return _see_list(request, share)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def revoke(request: PrincipalRequest, share_id: UUID) -> HttpResponse:
    """Ask whether a link is to be revoked, then revoke it."""
    share = _managed(request, share_id)
    if request.method != "POST":
        context = {"share": share, "next": request.GET.get("next", ""), "back": _list_before(request, share)}
        return render(request, "sharing/link_revoke.html", context)
    actions.revoke_share(share=share, by=request.user)
    messages.success(request, "The link is revoked. Whoever was there sees that it is closed.")
    return _see_list(request, share)


@require_GET
@member_required
def qr_code(request: PrincipalRequest, share_id: UUID) -> HttpResponse:
    """Draw the address of a link as a QR code, dark on white in every theme: that is what cameras read."""
    share = _managed(request, share_id, chat__user=request.user)  # it opens the room, which an admin only closes
    if not share.link:
        raise Http404
    drawing = BytesIO()
    segno.make_qr(share.link, error="m").save(drawing, kind="svg", scale=QR_SCALE, light="white", xmldecl=False)
    return HttpResponse(drawing.getvalue(), content_type="image/svg+xml")


def _managed(request: PrincipalRequest, share_id: UUID, **more: Any) -> Share:
    share: Share = get_object_or_404(managed_shares(request.user), id=share_id, **more)
    return share


def _see_list(request: PrincipalRequest, share: Share) -> HttpResponse:
    return HttpResponseRedirect(_list_before(request, share), status=303)


def _list_before(request: PrincipalRequest, share: Share) -> str:
    """Return the list that somebody came from; a person's own links stand at their chats too."""
    came_from = request.POST.get("next") or request.GET.get("next")
    if came_from in LISTS:
        return reverse(came_from)
    is_own = share.chat.user_id == request.user.id
    return reverse("chat-links", args=[share.chat_id]) if is_own else reverse("team-shares")


def _see_links(chat: Chat, made: Share | None = None) -> HttpResponse:
    address = reverse("chat-links", args=[chat.id])
    return HttpResponseRedirect(f"{address}?made={made.id}" if made else address, status=303)
