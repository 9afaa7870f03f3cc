"""One's own settings of the environments: what is kept, that tokens go in and never come out, and trying them."""

from typing import Any

import pytest
from django.utils import translation

from accounts.models import AuditEntry
from benchsessions.environments import settings_of, shown_settings, write_settings
from benchsessions.models import Analyst, EnvironmentSettings
from benchsessions.queries import analyst_of
from benchsessions.targets import save_target
from tenants.scope import tenant_scope
from tests.agents.answering import Answering
from tests.agents.test_diagnosis import serve
from tests.conftest import Cast
from tests.factories import AgentFactory
from tests.isolation.conftest import SignIn, sits
from tests.wire.upstream import response

__all__ = ["serve", "sits"]
pytestmark = pytest.mark.django_db
TOKEN = "eyJ-a-token-of-the-bench-4711"
FILLED = {"apiMode": "backend", "systemPlatform": "Банк", "platformId": "web-1", "resetSessionMode": "on"}
LIMITS = {"max_concurrent": 4, "answer_seconds": 60, "list_seconds": 60}


def send(client: Any, environment: str = "psi", **fields: str) -> Any:
    return client.post(
        "/bench/settings", {"environment": environment, **{f"{environment}-{name}": v for name, v in fields.items()}}
    )


def kept(user: Any, environment: str = "psi") -> tuple[dict[str, Any], str]:
    with tenant_scope(user.team_id):
        return settings_of(analyst_of(user), environment)


def stands(team: Any, url: str = "", **fields: Any) -> None:
    with tenant_scope(team.id):
        save_target(
            environment="psi",
            fields={"agent": None, "bench_url": "", "backend_url": url, "headers": {}, **LIMITS, **fields},
        )


def test_a_form_writes_the_settings_of_one_environment(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    answer = send(client, new_token=TOKEN, **FILLED)
    assert (answer.status_code, answer["Location"]) == (303, "/bench/settings#psi")
    values, token = kept(cast.owner)
    assert token == TOKEN
    assert (values["apiMode"], values["systemPlatform"], values["platformId"]) == ("backend", "Банк", "web-1")
    assert (values["withClassify"], values["resetSessionMode"]) == (False, True)
    others, none = kept(cast.owner, "ift")
    assert (others["systemPlatform"], none) == ("", "")
    with tenant_scope(cast.team.id):
        assert EnvironmentSettings.objects.get().environment == "psi"


def test_the_token_is_never_shown_again(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    send(client, new_token=TOKEN, **FILLED)
    page = client.get("/bench/settings").content.decode()
    assert TOKEN not in page
    assert "••••••••4711" in page
    refused = send(client, new_token=f"{TOKEN} with blanks", **FILLED)
    assert refused.status_code == 200
    assert TOKEN not in refused.content.decode()


def test_a_token_left_out_stays_and_a_box_forgets_it(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    send(client, new_token=TOKEN, **FILLED)
    send(client, **FILLED)
    assert kept(cast.owner)[1] == TOKEN
    send(client, clear_token="on", **FILLED)
    assert kept(cast.owner)[1] == ""


@pytest.mark.parametrize("typed", ["••••••••4711", "два слова", "a b", "x\ty", "x" * 8001, "x\x00y"])
def test_what_can_be_no_token_is_refused(cast: Cast, sits: SignIn, typed: str) -> None:
    client = sits(cast.owner)
    send(client, new_token=TOKEN, **FILLED)
    assert 'class="errorlist"' in send(client, new_token=typed, **FILLED).content.decode()
    assert kept(cast.owner)[1] == TOKEN


def test_the_word_bearer_before_a_token_is_taken_off(cast: Cast, sits: SignIn) -> None:
    send(sits(cast.owner), new_token=f"Bearer {TOKEN}", **FILLED)
    assert kept(cast.owner)[1] == TOKEN


def test_what_another_program_set_is_kept_and_counted(cast: Cast, sits: SignIn) -> None:
    with tenant_scope(cast.team.id):
        theirs = {"psi": {"channel": "mobile", "nested": {"a": [1]}, "bearerToken": TOKEN}}
        write_settings(analyst=analyst_of(cast.owner), settings=theirs)
    client = sits(cast.owner)
    page = client.get("/bench/settings").content.decode()
    assert "2 more settings" in page
    assert "mobile" not in page
    send(client, **FILLED)
    values, token = kept(cast.owner)
    assert (values["channel"], values["nested"], token) == ("mobile", {"a": [1]}, TOKEN)


def test_the_log_tells_that_a_token_was_set_but_not_which(cast: Cast, sits: SignIn) -> None:
    send(sits(cast.owner), new_token=TOKEN, **FILLED)
    with tenant_scope(cast.team.id):
        entry = AuditEntry.objects.get(action="bench.token_set")
    assert entry.details == {"environments": ["psi"]}
    assert entry.actor_id == cast.owner.id


@pytest.mark.parametrize("environment", ["", "test", "PSI", "\x00", "ift,psi"])
@pytest.mark.parametrize("path", ["/bench/settings", "/bench/settings/check"])
def test_there_are_three_environments(cast: Cast, sits: SignIn, path: str, environment: str) -> None:
    assert sits(cast.owner).post(path, {"environment": environment}).status_code == 404


def test_what_became_of_it_is_said_at_the_environment(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    html = client.get(send(client, new_token=TOKEN, **FILLED)["Location"]).content.decode()
    places = [html.index(text) for text in ('id="psi"', "settings of PSI are saved", 'id="prod"')]
    assert places == sorted(places)
    assert html.count("are saved") == 1
    assert 'action="/bench/settings#psi"' in html


def test_settings_are_ones_own(cast: Cast, sits: SignIn) -> None:
    send(sits(cast.owner), new_token=TOKEN, **FILLED)
    for somebody in (cast.teammate, cast.admin, cast.outsider):
        page = sits(somebody).get("/bench/settings").content.decode()
        assert "Банк" not in page
        assert "4711" not in page
    with tenant_scope(cast.team.id):
        assert shown_settings(analyst_of(cast.teammate))["psi"].masked_token is None


def test_a_digit_login_signs_nobody_in_on_pages(cast: Cast, client: Any) -> None:
    with tenant_scope(cast.team.id):
        Analyst.objects.create(login="12345678", user=cast.owner)
    for address in ("/bench/settings?login=12345678", "/bench/settings?user=12345678"):
        assert client.get(address, headers={"X-Login": "12345678"}).status_code == 302


# Trying a token


@pytest.fixture
def checks(cast: Cast, sits: SignIn) -> Any:
    """Send the form that tries the token of a person; give the words that the page says then."""
    client = sits(cast.owner)

    def check() -> str:
        answer = client.post("/bench/settings/check", {"environment": "psi"}, follow=True)
        assert answer.status_code == 200
        assert TOKEN not in answer.content.decode()
        return " ".join(map(str, answer.context["messages"]))

    send(client, new_token=TOKEN, **FILLED)
    client.get("/bench/settings")
    return check


def test_without_a_target_or_with_an_agent_there_is_nothing_to_try(cast: Cast, checks: Any) -> None:
    assert "Nobody has said yet" in checks()
    stands(cast.team, agent=AgentFactory(team=cast.team))
    assert "needs no token" in checks()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("200 OK", "accepts the token"),
        ("401 X", "does not accept the token"),
        ("403 X", "answered 403"),
        ("302 X", "answered 302, which says nothing"),
        ("422 X", "answered 422, which says nothing"),
        ("500 X", "answered 500, which says nothing"),
    ],
)
def test_it_says_what_the_service_answered(cast: Cast, checks: Any, serve: Answering, status: str, words: str) -> None:
    stands(cast.team, serve(response(f'{{"detail": "Bearer {TOKEN}"}}', status=status)))
    assert words in checks()


@pytest.mark.django_db(transaction=True)
def test_a_service_that_is_not_there_or_may_not_be_called_cannot_be_reached(
    cast: Cast, checks: Any, serve: Answering, settings: Any
) -> None:
    stands(cast.team, "http://127.0.0.1:9/ask")
    assert "cannot be reached" in checks()
    stands(cast.team, serve(response("{}")))
    assert "accepts the token" in checks()
    settings.AGENT_ALLOWED_CIDRS = []
    assert "cannot be reached" in checks()


@pytest.mark.django_db(transaction=True)
def test_nobody_tries_tokens_without_end(cast: Cast, checks: Any, sits: SignIn, serve: Answering) -> None:
    stands(cast.team, serve(response("{}")))
    for _ in range(10):
        assert "accepts the token" in checks()
    assert sits(cast.owner).post("/bench/settings/check", {"environment": "psi"}).status_code == 429


def test_the_page_speaks_russian_to_whoever_wants_it(cast: Cast, sits: SignIn) -> None:
    client = sits(cast.owner)
    client.post("/bench/language", {"language": "ru"})
    assert 'lang="ru"' in client.get("/bench/settings").content.decode()
    assert translation.get_language() == "en"
