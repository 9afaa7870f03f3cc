"""Many rows written at once are what `save()` would have made of each."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, connection, transaction

from benchsessions.models import Item
from tenants.exceptions import NoTeamInScope
from tenants.scope import tenant_scope, unsafe_all_tenants
from tenants.writing import AT_ONCE, update_rows
from tests.factories import BenchSessionFactory

NAMES = ("answer", "answer_position", "status", "answer_hash", "elapsed_ms", "answered_at", "is_due", "previous")


@pytest.fixture
def items(cast: Any) -> Any:
    session = BenchSessionFactory(owner__team=cast.team)
    with tenant_scope(cast.team.id):
        yield list(Item.objects.filter(session=session).defer(None))


def values_of(item: Item) -> list[Any]:
    return [getattr(item, name) for name in NAMES]


def test_every_kind_of_value_is_written_and_nothing_else(items):
    first, second = items
    texts = {"body": 'Карта "да" \\ 100% 🙂', "n": [None, True, 2**60, 1.5]}
    at = datetime(2026, 11, 22, 8, 30, 15, 123456, tzinfo=UTC)
    changes = [(texts, 3, "ok", "%s'", 12, at, True, None), (None, None, "missing", "", None, None, False, first)]
    for item, values in zip(items, changes, strict=True):
        for name, value in zip(NAMES, values, strict=True):
            setattr(item, name, value)
        item.question = "not to be written"
    update_rows(items, NAMES)
    kept = list(Item.objects.filter(session=first.session_id).defer(None))
    assert [values_of(item) for item in kept] == [values_of(first), values_of(second)]
    assert not {item.question for item in kept} & {"not to be written"}


def test_nothing_at_all_is_written_too(items):
    for item in items:
        item.answer = item.answer_position = item.elapsed_ms = item.answered_at = item.previous = None
        item.answer_hash = ""
    update_rows(items, NAMES)
    assert [values_of(item) for item in Item.objects.filter(session=items[0].session_id)] == list(map(values_of, items))


def test_it_takes_a_statement_a_batch(items, django_assert_num_queries):
    with django_assert_num_queries(0):
        update_rows([], NAMES)
    with django_assert_num_queries(1):
        update_rows(items, NAMES)
    with django_assert_num_queries(2):
        update_rows([items[0]] * (AT_ONCE + 1), ["status"])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite holds no text to a length")
def test_a_text_that_is_too_long_is_refused_and_not_cut(items):
    items[0].verdict = "x" * 65
    with pytest.raises(DataError), transaction.atomic():
        update_rows(items, ["verdict"])


def test_it_needs_one_team_in_scope(items):
    with unsafe_all_tenants(reason="test"), pytest.raises(NoTeamInScope):
        update_rows(items, NAMES)
