"""Saying where the environments of a team are."""

import re
from collections.abc import Mapping
from typing import Any, Final, TypedDict

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import AuditAction
from agents.models import Agent
from agents.outbound import canonical_url
from agents.rules import OUR_HEADERS
from benchsessions.environments import DEFAULTS, TOKEN
from benchsessions.models import Target
from tenants.exceptions import Invalid
from tenants.managers import find
from tenants.scope import tenant_scope, unsafe_all_tenants
from tenants.secrets import UnreadableSecret

MOST_HEADERS: Final = 20
MOST_SECONDS: Final = 4 * 3600
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# The person's own token goes into the first of these, and cookies would make one person of all who ask.
NEVER_SET: Final = OUR_HEADERS | {"authorization", "proxy-authorization", "proxy-authenticate", "cookie", "set-cookie"}
# A setting of whoever asks, named in the value of a header. The token is none of them: it has a header of its own.
PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
PLACEHOLDERS: Final = tuple(name for name in DEFAULTS if name != TOKEN)

_FIELDS: Final = ("agent_id", "bench_url", "backend_url", "max_concurrent", "answer_seconds", "list_seconds")
_URLS: Final = ("bench_url", "backend_url")


class TargetFields(TypedDict):
    """What is said of an environment; a header without a value keeps the one that is stored."""

    agent: Agent | None
    bench_url: str
    backend_url: str
    headers: Mapping[str, str | None]
    max_concurrent: int
    answer_seconds: int
    list_seconds: int


def target_of(environment: str) -> Target | None:
    """Return what stands behind an environment of the team, None if nobody has said it yet."""
    return find(Target.objects.select_related("agent").defer("agent__avatar"), environment=environment)


def headers_of(target: Target) -> dict[str, str]:
    """Return a target's headers; none if the key that sealed them is lost, so that they can be typed anew."""
    try:
        return target.headers
    except UnreadableSecret:
        return {}


@transaction.atomic
def save_target(*, environment: str, fields: TargetFields) -> Target:
    """Say what stands behind an environment; raise `Invalid` on what could not be called."""
    Target.objects.get_or_create(environment=environment)
    target = Target.objects.select_for_update(no_key=True).get(environment=environment)
    before = {name: getattr(target, name) for name in _FIELDS}
    headers = headers_of(target)
    wanted = _headers(fields["headers"], headers)
    for name, value in fields.items():
        if name != "headers":
            setattr(target, name, value)
    _hold(target)
    changed = [name for name in _FIELDS if getattr(target, name) != before[name]]
    if wanted != headers:
        target.headers = wanted
        changed.append("headers")
    if changed:
        target.save()
        _record(target, sorted(changed))
    return target


@transaction.atomic
def remove_target(*, environment: str) -> None:
    """Forget what stands behind an environment; sessions stay, nothing more can be asked there."""
    target = find(Target.objects.select_for_update(), environment=environment)
    if target is not None:
        _record(target, ["removed"])
        target.delete()


def reseal_headers() -> int:
    """Seal the headers of all teams' targets again under the first key; return how many."""
    with unsafe_all_tenants(reason="rotate the keys of secrets"):
        sealed = list(Target.objects.exclude(sealed_headers="").values_list("id", "team_id"))
    for target_id, team_id in sealed:
        with tenant_scope(team_id), transaction.atomic():
            target = find(Target.objects.select_for_update(), id=target_id)
            if target is not None:
                target.headers = target.headers
                target.save(update_fields=["sealed_headers"])
    return len(sealed)


def _record(target: Target, fields: list[str]) -> None:
    audit.record(AuditAction.BENCH_TARGET_CHANGED, team_id=target.team_id, target=target, fields=fields)


def _hold(target: Target) -> None:
    """Bring a target into the form it is stored in; raise `Invalid`."""
    errors: dict[str, list[str]] = {}
    for name in _URLS:
        url: str = getattr(target, name)
        try:
            setattr(target, name, canonical_url(url) if url else "")
        except ValueError as error:
            errors[name] = [str(error)]
    if target.agent_id is not None and (target.bench_url or target.backend_url):
        errors["agent"] = [_("Choose an agent or give addresses, not both.")]
    if target.agent_id is None and not (target.bench_url or target.backend_url):
        errors["agent"] = [_("Choose an agent, or give an address.")]
    most: Mapping[str, Any] = {
        "max_concurrent": settings.BENCH_MAX_CONCURRENT,
        "answer_seconds": MOST_SECONDS,
        "list_seconds": MOST_SECONDS,
    }
    for name, limit in most.items():
        if not 1 <= getattr(target, name) <= limit:
            errors[name] = [_("Between 1 and %(most)d.") % {"most": limit}]
    if errors:
        raise Invalid(errors=errors)


def _headers(wanted: Mapping[str, str | None], stored: Mapping[str, str]) -> dict[str, str]:
    """Return all headers with their values; raise `Invalid` on one that cannot be sent."""
    errors: dict[str, list[str]] = {}
    kept: dict[str, str] = {}
    if len(wanted) > MOST_HEADERS:
        errors["headers"] = [_("At most %(most)d headers.") % {"most": MOST_HEADERS}]
    for name, given in wanted.items():
        value = stored.get(name, "") if given is None else given
        if fault := _fault_of(name, value, {other.lower() for other in kept}):
            errors[f"headers.{name[:100]}"] = [fault]
        kept[name] = value
    if errors:
        raise Invalid(errors=errors)
    return kept


def _fault_of(name: str, value: str, others: set[str]) -> str:
    """Return why a header cannot be sent, or nothing."""
    if not _NAME.fullmatch(name):
        return _("This cannot be the name of a header.")
    if name.lower() in NEVER_SET:
        return _("The header %(name)s is ours to set.") % {"name": name}
    if name.lower() in others:
        return _("The header %(name)s stands here twice.") % {"name": name}
    if not value.strip():
        return _("The header %(name)s needs a value.") % {"name": name}
    if not (value.isascii() and value.isprintable()) or len(value) > 2000:
        return _("A header carries plain printable ASCII, at most 2,000 characters.")
    if unknown := sorted({*PLACEHOLDER.findall(value)} - {*PLACEHOLDERS}):
        return _("There is no setting “%(name)s”.") % {"name": unknown[0]}
    return ""
