"""How an analyst asks each environment: the contract's settings, with the token kept apart from all else."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import AuditAction
from benchsessions.faults import Fault, refuse
from benchsessions.models import Analyst, ApiMode, Environment, EnvironmentSettings
from tenants.managers import find
from tenants.scope import tenant_scope, unsafe_all_tenants
from tenants.secrets import UnreadableSecret, mask

TOKEN: Final = "bearerToken"  # noqa: S105 - a name
DEFAULTS: Final[Mapping[str, Any]] = {
    "apiMode": ApiMode.BENCH.value,
    TOKEN: "",
    "systemPlatform": "",
    "systemPlatformUser": "",
    "platformUserId": "",
    "platformId": "",
    "withClassify": False,
    "resetSessionMode": True,
}
MOST_BYTES: Final = 16 * 1024


class ShownSettings(NamedTuple):
    """The settings of one environment as people see them: all but the token, and that in dots, None for none."""

    values: dict[str, Any]
    masked_token: str | None


def settings_for(analyst: Analyst) -> dict[str, dict[str, Any]]:
    """Return an analyst's settings with their tokens, for the contract's back end alone; that it did is recorded."""
    rows = _rows_of(analyst)
    tokens = {environment: _token_of(row) for environment, row in rows.items()}
    if any(tokens.values()):
        handed_out = sorted(environment for environment, token in tokens.items() if token)
        audit.record(AuditAction.BENCH_TOKEN_READ, team_id=analyst.team_id, target=analyst, environments=handed_out)
    return {
        environment: {**DEFAULTS, **(rows[environment].values if environment in rows else {}), TOKEN: token}
        for environment in Environment.values
        for token in [tokens.get(environment, "")]
    }


def shown_settings(analyst: Analyst) -> dict[str, ShownSettings]:
    """Return an analyst's settings by environment as people may see them."""
    rows = _rows_of(analyst)
    return {
        environment: ShownSettings(_values_of(row), mask(_token_of(row)))
        for environment in Environment.values
        for row in [rows.get(environment)]
    }


def settings_of(analyst: Analyst, environment: str) -> tuple[dict[str, Any], str]:
    """Return how an analyst asks one environment, and the token for it; for whoever sends the questions."""
    row = _rows_of(analyst).get(environment)
    return _values_of(row), _token_of(row)


def last_changed(analyst: Analyst) -> datetime:
    """Return when an analyst's settings were last written; if they never were, since when there is the analyst."""
    return max((row.updated_at for row in _rows_of(analyst).values()), default=analyst.created_at)


def is_sendable(token: str) -> bool:
    """Tell whether a header can carry a token."""
    return token.isascii() and token.isprintable() and " " not in token


def token_rule() -> str:
    """Return what a token has to be, in a sentence."""
    return _("A token is plain printable ASCII without blanks: it travels in a header.")


@transaction.atomic
def write_settings(*, analyst: Analyst, settings: Any) -> None:
    """Replace an analyst's settings of the environments given; one that is left out stays as it is.

    Without `bearerToken` the token stays too; an empty one clears it. Raises `Invalid` with the path of what is wrong.
    """
    refuse(_faults(settings))
    Analyst.objects.select_for_update(no_key=True).get(id=analyst.id)
    rows = _rows_of(analyst)
    changed_tokens = []
    for environment, sent in settings.items():
        row = rows.get(environment) or EnvironmentSettings(analyst=analyst, environment=environment)
        row.values = {name: value for name, value in sent.items() if name != TOKEN}
        row.updated_at = timezone.now()
        if TOKEN in sent and _is_other(sent[TOKEN], row):
            row.bearer_token = sent[TOKEN]
            changed_tokens.append(environment)
        row.save()
    if changed_tokens:
        audit.record(
            AuditAction.BENCH_TOKEN_SET, team_id=analyst.team_id, target=analyst, environments=sorted(changed_tokens)
        )


def reseal_tokens() -> int:
    """Seal the tokens of all teams' analysts again under the first key; return how many."""
    with unsafe_all_tenants(reason="rotate the keys of secrets"):
        sealed = list(EnvironmentSettings.objects.exclude(sealed_bearer_token="").values_list("id", "team_id"))
    for row_id, team_id in sealed:
        with tenant_scope(team_id), transaction.atomic():
            row = find(EnvironmentSettings.objects.select_for_update(), id=row_id)
            if row is not None:
                row.bearer_token = row.bearer_token
                row.save(update_fields=["sealed_bearer_token"])
    return len(sealed)


def _rows_of(analyst: Analyst) -> dict[str, EnvironmentSettings]:
    return {row.environment: row for row in EnvironmentSettings.objects.filter(analyst=analyst)}


def _token_of(row: EnvironmentSettings | None) -> str:
    """Return a token; none if the key that sealed it is lost, so that it can be typed anew."""
    try:
        return row.bearer_token if row else ""
    except UnreadableSecret:
        return ""


def _is_other(token: str, row: EnvironmentSettings) -> bool:
    """Tell whether a token is not the one that is stored; one that cannot be read is cleared like any other."""
    return token != _token_of(row) or bool(row.sealed_bearer_token) != bool(token)


def _values_of(row: EnvironmentSettings | None) -> dict[str, Any]:
    """Return all of an environment's settings but the token."""
    kept = {**DEFAULTS, **(row.values if row else {})}
    return {name: value for name, value in kept.items() if name != TOKEN}


def _faults(settings: Any) -> Iterator[Fault]:
    if not isinstance(settings, dict):
        yield "settings", _("This must be an object of environments.")
        return
    for environment, sent in settings.items():
        path = f"settings.{environment[:70]}"
        if environment not in Environment.values:
            yield path, _("There is no such environment.")
        elif not isinstance(sent, dict):
            yield path, _("This must be an object.")
        else:
            yield from _value_faults(sent, path)


def _value_faults(sent: dict[str, Any], path: str) -> Iterator[Fault]:
    if len(json.dumps(sent, ensure_ascii=False).encode()) > MOST_BYTES:
        yield path, _("At most %(most)d KB.") % {"most": MOST_BYTES // 1024}
    for name in sent.keys() & DEFAULTS.keys():
        place, value = f"{path}.{name}", sent[name]
        if name == "apiMode" and value not in ApiMode.values:
            yield place, _("This must be one of: %(names)s.") % {"names": ", ".join(ApiMode.values)}
        elif isinstance(DEFAULTS[name], bool) and not isinstance(value, bool):
            yield place, _("This must be true or false.")
        elif isinstance(DEFAULTS[name], str) and not isinstance(value, str):
            yield place, _("This must be a text.")
