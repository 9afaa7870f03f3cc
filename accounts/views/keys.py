"""The page of one's own API keys."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.actions.keys import create_own_key, revoke_key
from accounts.decorators import member_required
from accounts.forms.keys import KeyForm
from accounts.models import ApiKey, Scope
from accounts.principal import PrincipalRequest
from tenants.exceptions import NotFound, ParleyError
from tenants.managers import find

# What a key with a scope can be tried with at once.
FIRST_CALLS = {
    Scope.ACCOUNT_READ: "/v1/auth/me",
    Scope.AGENTS_READ: "/api/agents",
    Scope.CHATS_READ: "/api/chats",
    Scope.KEYS_READ: "/v1/auth/api-keys",
}

ASK_EXAMPLE = (
    'curl {base_url}/chat/completions -H "Authorization: Bearer YOUR_KEY" -H "Content-Type: application/json" '
    """-d '{{"model": "AGENT", "messages": [{{"role": "user", "content": "Hello"}}]}}'"""
)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def keys(request: PrincipalRequest) -> HttpResponse:
    """List one's own keys; a sent form makes one, which stands on this answer and nowhere else."""
    if request.method != "POST":
        return _keys_page(request, KeyForm())
    assert request.principal is not None  # the decorator lets nobody else in
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _keys_page(request, form)
    if form.is_repeat():
        messages.info(request, "This key was made already; its text is shown only once.")
        return redirect("keys")
    try:
        key, text = create_own_key(user=request.user, principal=request.principal, **form.cleaned_data)
    except ParleyError as error:
        form.refuse(error)
        return _keys_page(request, form)
    return _keys_page(request, KeyForm(), made=key, text=text)


def _keys_page(request: PrincipalRequest, form: KeyForm, *, made: ApiKey | None = None, text: str = "") -> HttpResponse:
    first_call = next((path for scope, path in FIRST_CALLS.items() if made and scope in made.scopes), None)
    base_url = request.build_absolute_uri("/v1")
    context = {
        "keys": queries.open_keys(request.user),
        "form": form,
        "made": made,
        "text": text,
        "base_url": base_url,
        "ask_example": ASK_EXAMPLE.format(base_url=base_url),
        "example": f'curl -H "X-API-Key: {text}" {request.build_absolute_uri(first_call)}' if first_call else "",
    }
    return render(request, "accounts/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def revoke(request: PrincipalRequest, key_id: UUID) -> HttpResponse:
    """Ask whether to revoke one of one's own keys, and do it."""
    if request.method == "POST":
        revoke_key(user=request.user, key_id=key_id)
        messages.success(request, "The key is revoked. Whatever used it is refused from now on.")
        return redirect("keys")
    key = find(queries.open_keys(request.user), id=key_id)
    if key is None:
        raise NotFound()
    return render(request, "accounts/key_revoke.html", {"key": key})
