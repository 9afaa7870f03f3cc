"""The demo's bench: an environment behind which the demo agent stands, a question set, and a session half judged."""

from contextlib import suppress
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import transaction

from accounts.models import User
from benchsessions import sets
from benchsessions.exceptions import SetNameTaken
from benchsessions.models import ApiMode, Environment, QuestionSet, Target
from benchsessions.queries import analyst_of
from benchsessions.rubric import OVERALL, Rating
from benchsessions.sessions import create_session
from benchsessions.wording import Wording
from tenants.models import Team
from tenants.scope import tenant_scope

SET: Final = "Демо: карты и переводы"
ENVIRONMENT: Final = Environment.PSI


class Sample(NamedTuple):
    """A question, what was answered to it, and how that was judged; a document is its title and its score."""

    question: str
    reference: str
    tag: str
    answer: str
    document: tuple[str, float] | None = None
    rating: str = ""
    issue: str = ""
    comment: str = ""


CARDS, MONEY, LOANS = "Правила выпуска карт", "Тарифы переводов", "Условия кредитования"
SAMPLES: Final = (
    Sample(
        "Как закрыть дебетовую карту?",
        "Через приложение или в отделении; остаток переводится на счёт.",
        "карты",
        "Карту можно закрыть **в приложении** или в отделении:\n\n1. Выберите карту.\n2. Нажмите «Закрыть».\n"
        "3. Укажите счёт для остатка.",
        (CARDS, 0.91),
        Rating.CORRECT,
    ),
    Sample(
        "Сколько стоит перевыпуск карты по утере?",
        "Первый раз в году бесплатно, затем 300 ₽.",
        "карты",
        "Перевыпуск карты стоит 500 ₽.",
        (CARDS, 0.74),
        Rating.INCORRECT,
        "outdated_source",
        "Это тариф прошлого года.",
    ),
    Sample(
        "Какой лимит перевода по номеру телефона?",
        "150 000 ₽ в сутки.",
        "переводы",
        "Лимит перевода по номеру телефона — 150 000 ₽ в сутки.",
        (MONEY, 0.88),
        Rating.CORRECT,
    ),
    Sample(
        "Есть ли комиссия за перевод в другой банк?",
        "До 100 000 ₽ в месяц без комиссии, далее 0,5 %, но не больше 1 500 ₽.",
        "переводы",
        "До 100 000 ₽ в месяц комиссии нет.",
        (MONEY, 0.82),
        Rating.PARTLY,
        "incomplete",
        "Не сказано, что будет сверх лимита.",
    ),
    Sample(
        "Можно ли отменить перевод?",
        "Только пока он не исполнен.",
        "переводы",
        "Перевод можно отменить, пока он не исполнен: откройте его в истории и нажмите «Отменить».",
        (MONEY, 0.79),
        Rating.CORRECT,
    ),
    Sample(
        "Как получить кредитные каникулы?",
        "Заявление через приложение; нужны справки о доходе.",
        "кредиты",
        "Подайте заявление в приложении и приложите справки о доходе.",
        (LOANS, 0.86),
        Rating.CORRECT,
    ),
    Sample("Как узнать остаток по кредиту?", "В приложении, раздел «Кредиты».", "кредиты", ""),
    Sample(
        "How do I block a lost card?",
        "In the app or by phone, at any hour.",
        "карты",
        "Block it **in the app** at once, or call us: the line is open day and night.",
        (CARDS, 0.9),
    ),
    Sample(
        "Is there a fee for cash withdrawals abroad?",
        "1 %, at least 150 ₽.",
        "карты",
        "There is a fee of 1 %, at least 150 ₽.",
        (CARDS, 0.67),
    ),
    Sample(
        "Which documents do I need for a mortgage?",
        "Passport, proof of income, employment record.",
        "кредиты",
        "You need your passport and a proof of income.",
        (LOANS, 0.71),
    ),
)


def furnish_bench(team: Team, *, user_id: UUID, agent_id: UUID) -> None:
    """Make in a team what is missing, and leave alone what is there; the name of the set tells."""
    with tenant_scope(team.id):
        if not Target.objects.filter(environment=ENVIRONMENT).exists():
            Target.objects.get_or_create(environment=ENVIRONMENT, defaults={"agent_id": agent_id})
        if not QuestionSet.objects.filter(name=SET).exists():
            with suppress(SetNameTaken):  # another run was faster
                _make_session(User.objects.get(id=user_id))


@transaction.atomic
def _make_session(user: User) -> None:
    by = analyst_of(user)
    wordings = [
        Wording(
            sample.question,
            reference_answer=sample.reference,
            expected_documents=[sample.document[0]] if sample.document else [],
            tags=[sample.tag],
            external_id=f"demo-{number}",
        )
        for number, sample in enumerate(SAMPLES, start=1)
    ]
    made = sets.create_set(name=SET, by=by, questions=wordings)
    version = sets.freeze(made.versions.get().id)
    create_session(
        owner=by,
        environment=ENVIRONMENT,
        api_mode=ApiMode.BACKEND,
        title=SET,
        questions=sets.asked_of(version),
        question_set_version=version,
        response={"answers": [_answer(sample, number) for number, sample in enumerate(SAMPLES)]},
        annotations={number: _verdict(sample) for number, sample in enumerate(SAMPLES) if sample.rating},
    )


def _answer(sample: Sample, number: int) -> dict[str, Any]:
    if not sample.answer:
        return {"status": "timeout", "error": {"kind": "timeout", "message": "No answer within 120 s."}}
    title, score = sample.document or ("", 0.0)
    documents = [{"id": f"d-{number + 1}", "title": title, "score": score, "rank": 1}]
    return {"body": sample.answer, "docs": documents, "elapsed_ms": 900 + 170 * number}


def _verdict(sample: Sample) -> dict[str, Any]:
    verdict: dict[str, Any] = {OVERALL: {"rating": str(sample.rating), "comment": sample.comment}}
    if sample.issue:
        verdict["body_research"] = {"issues": [sample.issue], "comment": ""}
    return verdict
