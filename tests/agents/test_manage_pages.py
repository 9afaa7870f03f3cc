"""The pages on which team admins manage agents: what they show, what they refuse, and that nothing typed is lost."""

import html
import json
import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from agents import actions
from agents.kinds import dify, langserve, ollama, openai
from agents.models import Agent, AgentKind, AgentMember
from tenants.scope import tenant_scope
from tests.factories import AgentFactory, RunFactory, UserFactory
from tests.isolation.conftest import sits  # noqa: F401 - a fixture

CANARY = "canary-secret-4711-wxyz"
TYPED = {
    "name": "Helper",
    "description": "For <b>everybody</b>",
    "kind": "openai",
    "webhook_url": "https://models.example.org/v1",
    "auth_kind": "header",
    "auth_name": "X-Key",
    "webhook_token": CANARY,
    "user_agent": "Ours",
    "system_prompt": "Be brief.\r\nBe kind.",
    "model": "small",
    "config": '{\n  "temperature": 0.2\n}',
    "limit_total": "60.5",
    "limit_text_bytes": "1000",
    "max_concurrent": "2",
    "audience": "all",
    "is_active": "on",
}


@pytest.fixture
def browser(cast, sits) -> Client:  # noqa: F811
    return sits(cast.admin)


@pytest.fixture
def agent(cast) -> Agent:
    with tenant_scope(cast.team.id):
        return actions.create_agent(
            created_by=cast.admin,
            name="Helper",
            kind="openai",
            webhook_url="https://models.example.org/v1",
            webhook_token=CANARY,
            system_prompt="Be brief.\nBe kind.",
            config={"model": "small", "temperature": 0.2},
            limits={"total": 60},
        )


def stored(agent: Agent) -> Agent:
    with tenant_scope(agent.team_id):
        return Agent.objects.select_related("version").get(pk=agent.pk)


def text_of(page) -> str:
    return html.unescape(page.content.decode())


def form_of(page) -> dict[str, str]:
    """Return what the form of an agent would send again."""
    form = page.context["form"]
    values = {field.html_name: field.value() for field in form if field.name not in {"webhook_token", "clear_token"}}
    return {name: str(value) for name, value in values.items() if value not in (None, "", False)}


class TestForm:
    def test_what_is_typed_becomes_an_agent(self, cast, browser):
        answer = browser.post("/agents/new", TYPED)
        with tenant_scope(cast.team.id):
            made = Agent.objects.get()
        assert (answer.status_code, answer["Location"]) == (303, f"/agents/{made.pk}")
        assert (made.config, made.limits) == (
            {"model": "small", "temperature": 0.2},
            {"total": 60.5, "text_bytes": 1000},
        )
        assert (made.system_prompt, made.webhook_token) == ("Be brief.\nBe kind.", CANARY)
        assert (made.auth_name, made.user_agent, made.max_concurrent) == ("X-Key", "Ours", 2)
        page = browser.get(answer["Location"])
        assert "“Helper” is added." in text_of(page)
        assert "<b>everybody</b>" not in page.content.decode()

    def test_one_that_is_sent_twice_makes_one_agent(self, cast, browser):
        once = re.search(r'name="once" value="([^"]+)"', text_of(browser.get("/agents/new")))[1]
        answers = [browser.post("/agents/new", {**TYPED, "once": once}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        with tenant_scope(cast.team.id):
            assert Agent.objects.count() == 1

    def test_one_for_chosen_people_leads_on_to_choosing_them(self, browser):
        answer = browser.post("/agents/new", {**TYPED, "audience": "chosen"})
        assert answer["Location"].endswith("/members")

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"name": ""}, "This field is required."),
            ({"name": "a\0b"}, "Null characters are not allowed."),
            ({"kind": "smtp"}, "Select a valid choice."),
            ({"webhook_url": ""}, "An agent of this kind needs an address."),
            ({"webhook_url": "ftp://a.org"}, "http"),
            ({"auth_kind": "x"}, "Select a valid choice."),
            ({"auth_name": ""}, "Name the header that carries the secret"),
            ({"webhook_token": "tökën"}, "plain printable ASCII"),
            ({"user_agent": "tökën"}, "plain printable ASCII"),
            ({"model": ""}, "An agent of this kind needs the name of its model."),
            ({"config": "{"}, "This is not valid JSON: Expecting property name"),
            ({"config": "[]"}, "This must be an object"),
            ({"config": '{"a": NaN}'}, "not valid JSON"),
            ({"config": '{"a": "\\u0000"}'}, "NUL"),
            ({"config": '{"model": "x"}'}, "The model has a field of its own."),
            ({"limit_total": "soon"}, "Enter a number."),
            ({"limit_total": "-1"}, "more than 0 and at most 3,600 seconds"),
            ({"limit_total": "1e999"}, "Enter a number."),
            ({"limit_text_bytes": "9" * 30}, "at most 16,777,216 bytes"),
            ({"max_concurrent": "0"}, "greater than or equal to 1"),
            ({"max_concurrent": "9" * 5000}, "Enter a whole number."),
            ({"system_prompt": "x" * 100_001}, "at most 100000 characters"),
            ({"audience": "nobody"}, "Select a valid choice."),
        ],
    )
    def test_a_refusal_keeps_what_was_typed_but_the_secret(self, cast, browser, change, sentence):
        page = browser.post("/agents/new", {**TYPED, **change})
        assert page.status_code in {200, 400}
        assert sentence in text_of(page)
        for name in ("name", "webhook_url", "system_prompt", "config", "limit_total", "user_agent"):
            if name not in change:
                assert TYPED[name].replace("\r\n", "\n") in text_of(page).replace("\r\n", "\n"), name
        assert CANARY not in page.content.decode()
        with tenant_scope(cast.team.id):
            assert not Agent.objects.exists()

    def test_all_that_is_wrong_is_said_in_one_go(self, browser):
        wrong = {"config": "{", "model": "", "webhook_url": "ftp://a.org", "limit_total": "9e9", "auth_name": "a b"}
        told = browser.post("/agents/new", {**TYPED, **wrong}).context["form"].errors
        assert set(told) == set(wrong)

    def test_settings_of_the_wrong_shape_are_named_as_they_were_typed(self, browser):
        page = browser.post("/agents/new", {**TYPED, "kind": "ollama", "config": '{"options": 1}'})
        assert page.context["form"].errors["config"] == ["“options” must be an object."]

    def test_each_kind_says_what_its_address_is(self, browser):
        page = browser.get("/agents/new")
        lines = re.findall(r'<li data-for="kind"\s+data-only="(\w+)"(.*?)</li>', text_of(page), re.DOTALL)
        told = dict(lines)
        assert set(told) == set(AgentKind.values) - {"demo"}
        for module in (dify, langserve, ollama, openai):
            assert f"{module.PATH} is added" in told[module.__name__.rpartition(".")[2]]
        assert "stream=true is added" in told["langflow"]
        assert sum("It is called as it stands." in line for line in told.values()) == 5

    def test_a_page_that_is_sent_back_as_it_was_changes_nothing(self, browser, agent):
        page = browser.get(f"/agents/{agent.pk}/edit")
        assert CANARY not in page.content.decode()
        assert stored(agent).sealed_webhook_token not in page.content.decode()
        assert "One is stored and never shown." in text_of(page)
        sent = form_of(page) | {"system_prompt": agent.system_prompt.replace("\n", "\r\n")}
        answer = browser.post(f"/agents/{agent.pk}/edit", sent, follow=True)
        assert "Nothing was changed." in text_of(answer)
        now = stored(agent)
        assert (now.version.number, now.webhook_token, now.limits) == (1, CANARY, {"total": 60})
        assert now.updated_at == agent.updated_at
        answer = browser.post(f"/agents/{agent.pk}/edit", {**sent, "name": "Other"}, follow=True)
        assert "“Other” is changed." in text_of(answer)

    def test_the_secret_is_replaced_or_forgotten(self, browser, agent):
        sent = form_of(browser.get(f"/agents/{agent.pk}/edit"))
        browser.post(f"/agents/{agent.pk}/edit", {**sent, "webhook_token": "another"})
        assert stored(agent).webhook_token == "another"
        browser.post(f"/agents/{agent.pk}/edit", {**sent, "clear_token": "on"})
        assert stored(agent).webhook_token == ""

    def test_a_field_that_is_emptied_is_empty(self, browser, agent):
        sent = form_of(browser.get(f"/agents/{agent.pk}/edit"))
        emptied = {**sent, "system_prompt": "", "limit_total": "", "config": ""}
        assert browser.post(f"/agents/{agent.pk}/edit", emptied).status_code == 303
        now = stored(agent)
        assert (now.system_prompt, now.limits, now.config) == ("", {}, {"model": "small"})

    def test_two_admins_do_not_write_over_each_other_unseen(self, cast, browser, agent):
        sent = form_of(browser.get(f"/agents/{agent.pk}/edit"))
        with tenant_scope(cast.team.id):
            actions.update_agent(agent=agent, changed_by=cast.admin, system_prompt="Theirs.")
        page = browser.post(f"/agents/{agent.pk}/edit", {**sent, "system_prompt": "Mine."})
        assert page.status_code == 409
        assert "Somebody changed this agent meanwhile." in text_of(page)
        assert "Mine." in text_of(page)
        assert stored(agent).system_prompt == "Theirs."
        assert browser.post(f"/agents/{agent.pk}/edit", form_of(page)).status_code == 303
        assert stored(agent).system_prompt == "Mine."


class TestPages:
    def test_the_list_shows_what_each_agent_is(self, cast, browser, agent):
        AgentFactory(team=cast.team, name="Away", is_active=False)
        AgentFactory(team=cast.team, name="Few", audience="chosen")
        AgentFactory(team=cast.other_team, name="Foreign")
        AgentFactory(team=cast.team, name="Ill", failures=9, paused_until=timezone.now() + timedelta(minutes=5))
        told = text_of(browser.get("/agents"))
        for words in ("Helper", "OpenAI-compatible endpoint", "Switched off", "Chosen people", "This agent failed 9"):
            assert words in told
        assert "Foreign" not in told
        assert CANARY not in told

    def test_the_list_marks_agents_that_cannot_be_called(self, cast, browser, agent, settings):
        settings.AGENT_ALLOWED_CIDRS, settings.AGENT_ALLOWED_HOSTS = [], []
        AgentFactory(team=cast.team, name="Inside", kind="webhook", webhook_url="http://10.0.0.1/agent")
        rows = re.findall("<li>.*?</li>", text_of(browser.get("/agents")), re.DOTALL)
        marked = {re.search("<strong>(.*?)</strong>", row)[1]: "Cannot be called" in row for row in rows}
        assert marked == {"Helper": False, "Inside": True}

    def test_pages_of_one_agent_are_marked_as_those_of_agents(self, browser, agent):
        for address, mark in (("", "page"), (f"/{agent.pk}", "true"), (f"/{agent.pk}/members", "true")):
            marked = re.findall(r'<a href="(\S+)"\s+aria-current="(\w+)"', text_of(browser.get(f"/agents{address}")))
            assert set(marked) == {("/agents", mark)}

    def test_what_does_not_matter_for_the_kind_is_not_shown(self, cast, browser, agent):
        with tenant_scope(cast.team.id):
            actions.update_agent(agent=agent, changed_by=cast.admin, auth_kind="none")
        assert "Stored, but not sent" in text_of(browser.get(f"/agents/{agent.pk}"))
        assert "<dt>Model</dt>" in text_of(browser.get(f"/agents/{agent.pk}"))
        for kind, shown in (("langflow", True), ("demo", False)):
            with tenant_scope(cast.team.id):
                actions.update_agent(agent=agent, changed_by=cast.admin, kind=kind)
            told = text_of(browser.get(f"/agents/{agent.pk}"))
            assert ("<dt>Model</dt>" in told, "<dt>Address</dt>" in told) == (False, shown)

    def test_a_team_without_agents_is_led_to_the_first(self, cast, browser, sits):  # noqa: F811
        for address in ("/agents", "/chats/new"):
            assert 'href="/agents/new"' in text_of(browser.get(address))
        assert "/agents" not in text_of(sits(cast.owner).get("/chats/new")).replace("/agents.css", "")

    @pytest.mark.parametrize("address", ["/agents", "/agents/{0}", "/agents/{0}/members", "/agents/{0}/versions"])
    def test_a_page_asks_as_much_for_much_as_for_little(self, cast, browser, agent, address):
        def queries():
            with CaptureQueriesContext(connection) as asked:
                assert browser.get(address.format(agent.pk)).status_code == 200
            return len(asked)

        def grow(number):
            people = [UserFactory(team=cast.team) for _ in range(3)]
            AgentFactory(team=cast.team, created_by=cast.admin)
            run = {"status": "failed", "error_code": "agent_html", "owner": "x", "lease_until": timezone.now()}
            for user in people:
                RunFactory(user=user, agent=agent, ended_at=timezone.now(), **run)
            with tenant_scope(cast.team.id):
                actions.update_agent(agent=agent, changed_by=people[0], system_prompt=f"p{number}")
                AgentMember.objects.bulk_create(AgentMember(agent=agent, user=user) for user in people)

        grow(1)
        few = queries()
        for number in (2, 3):
            grow(number)
        assert queries() == few

    def test_the_detail_page_holds_no_secret_and_no_script_of_its_own(self, browser, agent):
        for part in ("", "/edit", "/members", "/versions", "/delete", "/export"):
            page = browser.get(f"/agents/{agent.pk}{part}").content.decode()
            for forbidden in (CANARY, stored(agent).sealed_webhook_token, "style=", "onclick"):
                assert forbidden not in page, part

    def test_an_agent_is_switched_off_and_on(self, browser, agent):
        for value, active in (("0", False), ("1", True)):
            answer = browser.post(f"/agents/{agent.pk}/active", {"active": value})
            assert (answer.status_code, stored(agent).is_active) == (303, active)
        assert browser.post(f"/agents/{agent.pk}/active", {"active": "x"}).status_code == 303
        assert stored(agent).is_active is True

    def test_an_agent_is_deleted_after_a_question(self, cast, browser, agent):
        assert "Delete this agent?" in text_of(browser.get(f"/agents/{agent.pk}/delete"))
        assert stored(agent)
        assert browser.post(f"/agents/{agent.pk}/delete")["Location"] == "/agents"
        assert browser.get(f"/agents/{agent.pk}").status_code == 404

    def test_a_picture_is_given_and_taken_away(self, browser, agent):
        drawn = BytesIO()
        Image.new("RGB", (300, 300), "red").save(drawn, "PNG")
        for content in (b"no picture", b""):
            file = SimpleUploadedFile("x.png", content)
            assert browser.post(f"/agents/{agent.pk}/avatar", {"picture": file}).status_code == 303
            assert stored(agent).avatar is None
        browser.post(f"/agents/{agent.pk}/avatar", {"picture": SimpleUploadedFile("x.png", drawn.getvalue())})
        assert stored(agent).avatar.startswith("data:image/png;base64,")
        browser.post(f"/agents/{agent.pk}/avatar", {"remove": "1"})
        assert stored(agent).avatar is None


class TestSharing:
    def test_people_are_chosen(self, cast, browser, sits, agent):  # noqa: F811
        chosen = {"audience": "chosen", "people": [str(cast.owner.pk)]}
        assert browser.post(f"/agents/{agent.pk}/members", chosen).status_code == 303
        assert "Helper" in text_of(sits(cast.owner).get("/chats/new"))
        assert "Helper" not in text_of(sits(cast.teammate).get("/chats/new"))
        page = text_of(browser.get(f"/agents/{agent.pk}/members"))
        assert re.findall(r'value="([^"]+)"\s+checked', page) == ["chosen", str(cast.owner.pk)]
        assert "@theirs.org" not in page
        assert "operator@" not in page

    @pytest.mark.parametrize(
        ("audience", "chosen", "words"),
        [
            ("all", ["owner"], "Everybody in the team may talk to “Helper”."),
            ("chosen", ["owner", "admin"], "1 chosen person and the team's admins may talk to “Helper”."),
            ("chosen", ["owner", "teammate"], "2 chosen people and the team's admins may talk to “Helper”."),
            ("chosen", ["admin"], "Only the team's admins may talk to “Helper”."),
            ("chosen", [], "Only the team's admins may talk to “Helper”."),
        ],
    )
    def test_it_is_said_who_may_talk_to_an_agent(self, cast, browser, agent, audience, chosen, words):
        people = [str(getattr(cast, one).pk) for one in chosen]
        sent = {"audience": audience, "people": people}
        assert words in text_of(browser.post(f"/agents/{agent.pk}/members", sent, follow=True))

    @pytest.mark.parametrize("people", ["x", "\0", "00000000-0000-0000-0000-000000000000"])
    def test_nobody_is_no_choice(self, cast, browser, agent, people):
        for one in (people, str(cast.outsider.pk)):
            sent = {"audience": "chosen", "people": [str(cast.owner.pk), one]}
            assert browser.post(f"/agents/{agent.pk}/members", sent).status_code == 303
            with tenant_scope(cast.team.id):
                assert not AgentMember.objects.exists()
            assert stored(agent).audience == "all"

    def test_versions_show_what_changed_and_bring_it_back(self, cast, browser, agent):
        with tenant_scope(cast.team.id):
            actions.update_agent(agent=agent, changed_by=cast.admin, system_prompt="Be brief.\nBe <i>loud</i>.")
        page = browser.get(f"/agents/{agent.pk}/versions").content.decode()
        assert "<del>Be kind.</del>" in page
        assert "<ins>Be &lt;i&gt;loud&lt;/i&gt;.</ins>" in page
        assert re.findall('class="change-name">(.*?)<', page) == ["System prompt"]
        answer = browser.post(f"/agents/{agent.pk}/restore", {"version": "1"})
        assert (answer.status_code, stored(agent).system_prompt) == (303, "Be brief.\nBe kind.")
        assert (stored(agent).version.number, stored(agent).webhook_token) == (3, CANARY)

    @pytest.mark.parametrize("version", ["", "x", "9", "0", "9" * 5000, "\0"])
    def test_a_version_that_there_is_not_is_refused(self, browser, agent, version):
        page = browser.post(f"/agents/{agent.pk}/restore", {"version": version}, follow=True)
        assert 'role="alert"' in text_of(page)
        assert stored(agent).version.number == 1

    def test_a_copy_is_shown_to_be_changed(self, cast, browser, agent):
        answer = browser.post(f"/agents/{agent.pk}/duplicate")
        with tenant_scope(cast.team.id):
            copy = Agent.objects.exclude(pk=agent.pk).get()
        assert (answer.status_code, answer["Location"]) == (303, f"/agents/{copy.pk}/edit")
        assert (copy.is_active, copy.webhook_token) == (False, CANARY)
        assert "is a copy with the same secret." in text_of(browser.get(answer["Location"]))
        bare = AgentFactory(team=cast.team, name="Bare")
        assert "“Bare (copy)” is a copy. It is" in text_of(browser.post(f"/agents/{bare.pk}/duplicate", follow=True))

    @pytest.mark.parametrize("way", ["file", "text"])
    def test_an_export_is_a_file_that_can_be_imported(self, cast, browser, sits, agent, way):  # noqa: F811
        export = browser.get(f"/agents/{agent.pk}/export")
        assert export["Content-Disposition"] == 'attachment; filename="helper.json"'
        assert CANARY not in export.content.decode()
        given = SimpleUploadedFile("x.json", export.content) if way == "file" else export.content.decode()
        answer = sits(cast.other_admin).post("/agents/import", {way: given})
        assert answer.status_code == 303
        with tenant_scope(cast.other_team.id):
            brought = Agent.objects.get()
        assert answer["Location"] == f"/agents/{brought.pk}/edit"  # it lacks its secret
        assert (brought.system_prompt, brought.is_active) == (agent.system_prompt, False)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "Choose a file, or paste its text below."),
            ("{", "The text is not valid JSON"),
            ("[" * 5000, "nested too deeply"),
            ("[]", "<li>An exported agent is an object: {…}."),
            ("{}", "format: This field is required."),
            ('{"format": "parley.agent/1", "name": "a\\u0000", "kind": "demo"}', "NUL"),
            ('{"format": "parley.agent/1", "name": "x", "kind": "<b>"}', 'kind: "<b>" is not a valid choice.'),
            ('{"format": "parley.agent/1", "name": "x", "kind": "demo", "<i>": 1}', "no such field"),
        ],
    )
    def test_what_is_no_export_is_refused_and_kept(self, cast, browser, text, sentence):
        page = browser.post("/agents/import", {"text": text})
        assert page.status_code in {200, 400}
        assert sentence in text_of(page)
        assert text in text_of(page)
        assert "<b>" not in page.content.decode()
        assert "<i>" not in page.content.decode()
        with tenant_scope(cast.team.id):
            assert not Agent.objects.exists()

    def test_a_file_that_is_no_text_is_refused(self, browser):
        page = browser.post(
            "/agents/import", {"file": SimpleUploadedFile("x.json", b"\xff\xfe" + json.dumps({}).encode())}
        )
        assert (page.status_code, "The file is not valid UTF-8" in text_of(page)) == (400, True)
