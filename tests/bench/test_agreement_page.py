"""The page of second opinions and its calls: asking, seeing how far people agree, deciding."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchsessions.annotating import save_annotation
from benchsessions.models import Item, SecondOpinion
from benchsessions.opinions import ask_second_opinion
from benchsessions.queries import analyst_of
from benchsessions.sessions import Asked, create_session
from tenants.scope import tenant_scope
from tests.bench.conftest import SignIn
from tests.conftest import Cast
from tests.factories import UserFactory
from tests.keys import new_key, with_key


class Pair:
    """A session of the owner's, of which they and a teammate who was asked rated some answers; an admin looks on."""

    def __init__(self, cast: Cast, sits: SignIn, count: int = 6) -> None:
        self.cast = cast
        self.owner, self.teammate = analyst_of(cast.owner), analyst_of(cast.teammate)
        self.session = create_session(
            owner=self.owner,
            environment="psi",
            api_mode="backend",
            questions=[Asked({"body": f"Где <b>тарифы</b> {n}?"}) for n in range(count)],
            response=[{"body": f"<script>Ответ</script> {n}"} for n in range(count)],
        )
        ask_second_opinion(session_id=self.session.id, reviewer=self.teammate, by=self.owner)
        for index in range(count):
            self.rate(cast.owner, index, ["correct", "incorrect"][index % 2], f"слово <i>Анны</i> {index}")
        self.path = f"/bench/sessions/{self.session.id}"
        self.by_owner, self.by_teammate, self.by_admin = sits(cast.owner), sits(cast.teammate), sits(cast.admin)

    def rate(self, user: User, index: int, rating: str, comment: str = "") -> None:
        data = {"overall": {"rating": rating, "comment": comment}}
        who = {"session_id": self.session.id, "author": analyst_of(user)}
        save_annotation(**who, index=index, data=data, version=None)

    def item(self, index: int) -> Item:
        return Item.objects.get(session=self.session, index=index)

    def page(self, query: str = "", client: Client | None = None) -> str:
        return (client or self.by_owner).get(f"{self.path}/agreement{query}").content.decode()

    def decide(self, index: int, **sent: Any) -> Any:
        return self.by_owner.post(f"{self.path}/items/{index}/decide", sent)


@pytest.fixture
def pair(cast: Cast, sits: SignIn) -> Any:
    with tenant_scope(cast.team.id):
        yield Pair(cast, sits)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_before_anybody_else_rated_there_is_nothing_to_compare(pair: Pair) -> None:
    text = text_of(pair.page())
    assert "This can be said once two people rated answers." in text
    assert "0 of 6 rated" in text
    assert "fewer than two people" in text


def test_it_shows_how_far_two_people_agree(pair: Pair) -> None:
    for index, rating in enumerate(["correct", "incorrect", "incorrect", "incorrect"]):
        pair.rate(pair.cast.teammate, index, rating)
    page = pair.page()
    text = text_of(page)
    assert "75 % 3 of 4 that both rated, of 6 questions" in text
    assert "Cohen's kappa 0.50 moderate agreement" in text.replace("&#x27;", "'")
    assert re.findall(r"<td [^>]*class=\"?(\w+)\"?>(\d+)", page) == [("same", "1"), ("differs", "1"), ("same", "2")]
    assert "nan" not in text.lower().split()


def test_without_a_kappa_it_says_why(pair: Pair) -> None:
    pair.rate(pair.cast.teammate, 0, "correct")
    text = text_of(pair.page())
    assert "100 % 1 of 1 that both rated" in text
    assert "not defined Both gave one and the same rating each time" in text


def test_any_two_of_those_who_rated_may_be_compared(pair: Pair) -> None:
    pair.rate(pair.cast.teammate, 0, "correct")
    pair.rate(pair.cast.admin, 0, "incorrect")
    one, other = pair.owner.id, analyst_of(pair.cast.admin).id
    assert "0 % 0 of 1 that both rated" in text_of(pair.page(f"?one={one}&other={other}"))
    for nonsense in ("?one=x&other=%00", f"?one={other}&other={pair.session.id}1", "?page=x", "?page=" + "9" * 5000):
        assert "100 % 1 of 1 that both rated" in text_of(pair.page(nonsense))


def test_what_people_differ_on_stands_side_by_side_with_nothing_run_in_it(pair: Pair) -> None:
    pair.rate(pair.cast.teammate, 2, "incorrect", "слово <i>Бориса</i>")
    page = pair.page()
    assert page.count("data-decide ") + page.count("data-decide\n") == 1
    assert "слово &lt;i&gt;Анны&lt;/i&gt; 2" in page
    assert "слово &lt;i&gt;Бориса&lt;/i&gt;" in page
    assert "&lt;script&gt;Ответ&lt;/script&gt; 2" in page
    assert "<script>Ответ" not in page
    assert "слово &lt;i&gt;Анны&lt;/i&gt; 3" not in page
    assert f'href="{pair.path}?item=3"' in page
    assert "style=" not in page


def test_one_press_decides_and_leads_on_to_the_next(pair: Pair) -> None:
    for index in (0, 2, 4):
        pair.rate(pair.cast.teammate, index, "incorrect")
    answer = pair.decide(2, rating="incorrect")
    assert (answer.status_code, answer["Location"]) == (303, f"{pair.path}/agreement#question-5")
    assert (pair.item(2).verdict, pair.item(2).decided_by) == ("incorrect", pair.owner)
    assert pair.decide(4, rating="correct")["Location"] == f"{pair.path}/agreement#disagreements"
    text = text_of(pair.page())
    assert "To decide (1)" in text
    assert "Decided (2)" in text
    assert text.count("Decided:") == 2


def test_a_decision_is_taken_from_whom_the_page_was_drawn_for_alone(pair: Pair) -> None:
    pair.rate(pair.cast.teammate, 2, "incorrect")
    form = next(part for part in pair.page().split("<form") if "/decide" in part)
    (drawn_for,) = re.findall('name="viewer" value="(.*?)"', form)
    sent = {"rating": "incorrect", "viewer": drawn_for}
    assert pair.by_admin.post(f"{pair.path}/items/2/decide", sent).status_code == 409
    assert pair.item(2).decided_rating == ""
    assert pair.decide(2, **sent).status_code == 303


def test_a_decision_can_be_undone(pair: Pair) -> None:
    pair.rate(pair.cast.teammate, 2, "incorrect")
    pair.decide(2, rating="incorrect")
    assert text_of(pair.page("?show=decided")).count("Decided:") == 1
    assert pair.decide(2)["Location"] == f"{pair.path}/agreement#question-3"
    assert (pair.item(2).verdict, pair.item(2).is_disputed) == ("correct", True)


@pytest.mark.parametrize("rating", ["нет такой", "\0", "x" * 5000])
def test_a_rating_that_there_is_not_is_refused_in_words(pair: Pair, rating: str) -> None:
    answer = pair.by_owner.post(f"{pair.path}/items/0/decide", {"rating": rating}, follow=True)
    assert answer.status_code == 200
    assert "Some fields are not valid." in answer.content.decode()
    assert pair.item(0).decided_rating == ""


def test_the_one_who_was_asked_sees_how_far_they_are_and_nothing_else(pair: Pair) -> None:
    pair.rate(pair.cast.admin, 3, "correct", "слово третьего")
    pair.rate(pair.cast.teammate, 0, "incorrect")
    page = pair.page(client=pair.by_teammate)
    assert "1 of 6 answers rated" in text_of(page)
    hidden = ["слово", "kappa", "Decided", str(pair.cast.admin), "тарифы"]
    assert [word for word in hidden if word in page] == []
    assert pair.by_teammate.post(f"{pair.path}/items/0/decide", {"rating": "incorrect"}).status_code == 403
    assert pair.item(0).decided_rating == ""


def test_a_colleague_is_asked_from_the_page_and_asked_no_more(pair: Pair) -> None:
    sent = {"colleague": pair.cast.admin.id, "every": "5"}
    assert pair.by_owner.post(f"{pair.path}/opinions", sent).status_code == 303
    asked = SecondOpinion.objects.get(reviewer=analyst_of(pair.cast.admin))
    assert (asked.session, asked.every, asked.asked_by) == (pair.session, 5, pair.owner)
    assert "0 of 2 rated" in text_of(pair.page())
    pair.by_owner.post(f"{pair.path}/opinions/{asked.reviewer_id}/withdraw")
    assert [opinion.reviewer for opinion in SecondOpinion.objects.all()] == [pair.teammate]


def test_only_colleagues_who_are_there_can_be_asked(pair: Pair) -> None:
    gone = UserFactory(team=pair.cast.team, is_active=False)
    for person in (pair.cast.outsider, gone, pair.cast.owner, pair.cast.operator):
        pair.by_owner.post(f"{pair.path}/opinions", {"colleague": person.id, "every": "1"})
    for every in ("0", "2", "x", ""):
        pair.by_owner.post(f"{pair.path}/opinions", {"colleague": pair.cast.admin.id, "every": every})
    assert [opinion.reviewer for opinion in SecondOpinion.objects.all()] == [pair.teammate]


@pytest.mark.parametrize("query", ["", "?show=decided"])
def test_it_asks_the_database_as_often_for_many_as_for_few(cast: Cast, sits: SignIn, query: str) -> None:
    numbers = []
    with tenant_scope(cast.team.id):
        for count in (6, 30):
            pair = Pair(cast, sits, count)
            for index in range(count):
                pair.rate(cast.teammate, index, ["correct", "incorrect"][index % 3 == 0])
            for index in range(0, count, 3):
                pair.decide(index, rating="partially_correct")
            pair.page(query)  # what is looked up once is not counted
            with CaptureQueriesContext(connection) as queries:
                pair.page(query)
            numbers.append(len(queries))
    assert numbers[0] == numbers[1]


class TestCalls:
    """The same over HTTP, with a person's key."""

    @pytest.fixture
    def call(self, pair: Pair) -> Any:
        keys = {user: new_key(user, ["bench"])[1] for user in (pair.cast.owner, pair.cast.teammate)}

        def call(method: str, path: str, body: Any = None, user: User = pair.cast.owner) -> Any:
            path = f"/api{pair.path}{path}"
            return Client().generic(
                method, path, "" if body is None else json.dumps(body), "application/json", headers=with_key(keys[user])
            )

        return call

    def test_a_colleague_is_asked_and_asked_no_more(self, pair: Pair, call: Any) -> None:
        answer = call("POST", "/opinions", {"user_id": str(pair.cast.admin.id), "every": 5})
        assert answer.status_code == 201
        told = answer.json()
        assert (told["reviewer"], told["every"], told["n_asked"], told["n_given"]) == (str(pair.cast.admin), 5, 2, 0)
        listed = call("GET", "/opinions").json()["opinions"]
        assert [row["reviewer"] for row in listed] == [str(pair.cast.teammate), str(pair.cast.admin)]
        assert call("DELETE", f"/opinions/{told['reviewer_id']}").status_code == 204
        assert call("DELETE", f"/opinions/{told['reviewer_id']}").status_code == 404

    @pytest.mark.parametrize("body", [{}, [], {"user_id": None}, {"user_id": 5}, {"user_id": "x"}, {"every": 5}])
    def test_nobody_in_particular_is_asked(self, call: Any, body: Any) -> None:
        assert call("POST", "/opinions", body).status_code == 400

    @pytest.mark.parametrize("every", [0, 101, "5", True, 1.5])
    def test_every_has_to_be_a_number_that_makes_sense(self, pair: Pair, call: Any, every: Any) -> None:
        answer = call("POST", "/opinions", {"user_id": str(pair.cast.admin.id), "every": every})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["every"])

    def test_a_stranger_is_nobody(self, pair: Pair, call: Any) -> None:
        answer = call("POST", "/opinions", {"user_id": str(pair.cast.outsider.id)})
        assert (answer.status_code, answer.json()["error_code"]) == (404, "BENCH_USER_NOT_FOUND")

    def test_agreement_is_told_with_what_it_rests_on(self, pair: Pair, call: Any) -> None:
        for index, rating in enumerate(["correct", "incorrect", "incorrect", "incorrect"]):
            pair.rate(pair.cast.teammate, index, rating)
        told = call("GET", f"/agreement/{pair.owner.id}/{pair.teammate.id}").json()
        assert (told["n_questions"], told["n_common"], told["n_same"], told["share"]) == (6, 4, 3, 0.75)
        assert (told["kappa"], told["undefined"]) == (pytest.approx(0.5), None)
        assert told["pairs"][0] == {"one": "correct", "other": "correct", "count": 1}
        alone = call("GET", f"/agreement/{pair.owner.id}/{analyst_of(pair.cast.admin).id}").json()
        assert (alone["share"], alone["kappa"], alone["undefined"]) == (None, None, "They rated no answer in common.")

    def test_an_answer_is_decided_and_undone(self, pair: Pair, call: Any) -> None:
        told = call("PUT", "/items/1/decision", {"rating": "correct"}).json()
        assert (told["verdict"], told["decided_rating"], told["decided_by"]) == (
            "correct",
            "correct",
            str(pair.cast.owner),
        )
        told = call("DELETE", "/items/1/decision").json()
        assert (told["verdict"], told["decided_rating"], told["decided_by"]) == ("incorrect", "", None)
        assert call("PUT", "/items/6/decision", {"rating": "correct"}).status_code == 404
        for rating in ("нет такой", "", None, 5, "\0"):
            assert call("PUT", "/items/1/decision", {"rating": rating}).status_code == 400

    def test_a_rating_is_decided_as_it_was_given(self, pair: Pair, call: Any) -> None:
        pair.rate(pair.cast.teammate, 1, " почти ")
        assert call("PUT", "/items/1/decision", {"rating": " почти "}).json()["verdict"] == " почти "
        assert call("PUT", "/items/1/decision", {"rating": "почти"}).status_code == 400

    def test_whoever_was_asked_learns_nothing_here_either(self, pair: Pair, call: Any) -> None:
        pair.rate(pair.cast.teammate, 0, "incorrect")
        calls = [
            ("GET", f"/agreement/{pair.owner.id}/{pair.teammate.id}", None),
            ("PUT", "/items/0/decision", {"rating": "incorrect"}),
            ("DELETE", "/items/0/decision", None),
            ("POST", "/opinions", {"user_id": str(pair.cast.admin.id)}),
            ("DELETE", f"/opinions/{pair.teammate.id}", None),
        ]
        for method, path, body in calls:
            answer = call(method, path, body, pair.cast.teammate)
            assert (answer.status_code, answer.json()["error_code"]) == (403, "BENCH_STILL_BLIND")
        ask_second_opinion(session_id=pair.session.id, reviewer=analyst_of(pair.cast.admin), by=pair.owner)
        (own,) = call("GET", "/opinions", user=pair.cast.teammate).json()["opinions"]
        assert (own["reviewer_id"], own["n_given"]) == (str(pair.teammate.id), 1)
