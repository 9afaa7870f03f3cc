"""What an agent must be to be saved: proof, headers, settings of its kind, an address that may be dialled."""

import pytest

from agents.kinds import KINDS
from agents.models import Agent
from agents.outbound import obstacle_at
from agents.rules import hold
from tenants.exceptions import Invalid


def errors(**fields):
    """Return which fields of an agent are refused, and with which words."""
    agent = Agent(**{"kind": "webhook", "webhook_url": "https://agent.example/", **fields})
    try:
        hold(agent, changed=fields)
    except Invalid as refused:
        return refused.errors
    return {}


@pytest.mark.parametrize(
    "fields",
    [
        {"auth_kind": "none", "auth_name": "Host"},
        {"auth_kind": "bearer", "auth_name": ""},
        {"auth_kind": "header", "auth_name": "X-API-Key"},
        {"auth_kind": "header", "auth_name": "Cookie"},
        {"auth_kind": "header", "auth_name": "Authorization"},
        {"auth_kind": "basic", "auth_name": "Änne Ö."},
        {"user_agent": "Mozilla/5.0 (compatible; Ours/1.0)"},
        {"kind": "ollama", "config": {"model": "m", "options": {}}},
        {"kind": "a2a", "config": {"version": "0.3"}},
        {"kind": "langserve", "config": {"input": "messages", "input_key": "talk"}},
        {"kind": "webhook", "config": {"inputs": 5, "version": 7}},
    ],
)
def test_what_is_taken(fields):
    assert errors(**fields) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_saved(kind):
    assert errors(kind=kind, config={"model": "m"}) == {}


@pytest.mark.parametrize("kind", ["header", "basic"])
@pytest.mark.parametrize("name", ["", "a:b", "a\nb", "a\0b"])
def test_what_is_no_name_of_a_header_or_a_user(kind, name):
    assert [*errors(auth_kind=kind, auth_name=name)] == ["auth_name"]


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Content-Type", "Accept-Encoding", "Accept"],
)
def test_the_header_of_a_secret_is_none_of_ours(name):
    [words] = errors(auth_kind="header", auth_name=name)["auth_name"]
    assert name in words


@pytest.mark.parametrize("name", ["X Key", "X-Schlüssel", "X(Key)", "X-Key\r\nHost"])
def test_a_header_has_a_legal_name(name):
    assert "auth_name" in errors(auth_kind="header", auth_name=name)


@pytest.mark.parametrize("user_agent", ["a\nb", "a\r\nX: 1", "Käfer/1", "a\0"])
def test_a_user_agent_is_plain(user_agent):
    assert [*errors(user_agent=user_agent)] == ["user_agent"]


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        *[("ollama", config) for config in ({}, {"model": " "}, {"model": 5}, {"model": "m", "options": []})],
        *[("dify", {"inputs": wrong}) for wrong in (None, [], "x", 5)],
        ("flowise", {"overrideConfig": "x"}),
        *[("langflow", config) for config in ({"tweaks": []}, {"input_type": 5}, {"output_type": None})],
        *[("langserve", config) for config in ({"input": "all"}, {"input": []}, {"input_key": ["a"]})],
        ("langserve", {"configurable": 5}),
        ("vercel", {"body": []}),
        *[("a2a", {"version": wrong}) for wrong in ("2.0", 1.0, {}, None)],
        *[("demo", {"demo_seconds": wrong}) for wrong in ("5", True, None, -1, 3601, 10**400)],
    ],
)
def test_a_setting_no_request_could_be_made_of(kind, config):
    assert [*errors(kind=kind, config=config)] == ["config"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "127.0.0.1:8080", "[fd00::1]"]
)
def test_an_address_that_may_not_be_dialled_is_told(settings, host):
    """It may be saved: what the operator allows can change, and the guard is asked at each call."""
    settings.AGENT_ALLOWED_HOSTS, settings.AGENT_ALLOWED_CIDRS = [], []
    assert errors(webhook_url=f"https://{host}/hook") == {}
    words = obstacle_at(f"https://{host}/hook")
    assert "is not public" in words
    assert "AGENT_ALLOWED_HOSTS" in words


def test_the_operator_may_allow_an_address(settings):
    settings.AGENT_ALLOWED_HOSTS, settings.AGENT_ALLOWED_CIDRS = ["10.0.0.1:5678", "10.0.0.3:443"], ["127.0.0.0/8"]
    for good in ("http://10.0.0.1:5678/", "http://127.0.0.1/", "https://10.0.0.3/", "http://n8n:5678/", ""):
        assert obstacle_at(good) == ""
    for bad in ("http://10.0.0.1/", "http://10.0.0.2:5678/", "http://10.0.0.3/"):
        assert obstacle_at(bad)
