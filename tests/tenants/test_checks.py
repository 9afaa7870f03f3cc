"""A model that could leak does not start: each check is shown a model that breaks its rule."""

from collections.abc import Callable

import pytest
from django.db import models
from django.test.utils import isolate_apps

from accounts.models import User
from tenants.checks import check_model, check_tenancy
from tenants.constraints import SameTeam
from tenants.globals import GLOBAL_MODELS
from tenants.managers import TenantManager
from tenants.models import TenantModel


def good() -> type[models.Model]:
    class Note(TenantModel):
        slug = models.SlugField()
        user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

        class Meta(TenantModel.Meta):
            app_label = "chats"
            constraints = [
                models.UniqueConstraint(fields=["team", "slug"], name="note_slug"),
                SameTeam(field="user", name="note_user"),
            ]

    return Note


def no_tenant_model() -> type[models.Model]:
    class Note(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "chats"

    return Note


def open_door() -> type[models.Model]:
    class Note(TenantModel):
        everything = models.Manager()

        class Meta(TenantModel.Meta):
            app_label = "chats"

    return Note


def open_default() -> type[models.Model]:
    class Note(TenantModel):
        objects = models.Manager()  # type: ignore[assignment]
        scoped = TenantManager()

        class Meta(TenantModel.Meta):
            app_label = "chats"

    return Note


def forgotten_base() -> type[models.Model]:
    class Note(TenantModel):
        class Meta:
            app_label = "chats"

    return Note


def unique_field() -> type[models.Model]:
    class Note(TenantModel):
        slug = models.SlugField(unique=True)

        class Meta(TenantModel.Meta):
            app_label = "chats"

    return Note


def unique_without_team() -> type[models.Model]:
    class Note(TenantModel):
        slug = models.SlugField()

        class Meta(TenantModel.Meta):
            app_label = "chats"
            constraints = [models.UniqueConstraint(fields=["slug", "team"], name="note_slug")]

    return Note


def unique_expression() -> type[models.Model]:
    class Note(TenantModel):
        slug = models.SlugField()

        class Meta(TenantModel.Meta):
            app_label = "chats"
            constraints = [models.UniqueConstraint(models.F("slug"), name="note_slug")]

    return Note


def unique_together() -> type[models.Model]:
    class Note(TenantModel):
        slug = models.SlugField()
        number = models.IntegerField()

        class Meta(TenantModel.Meta):
            app_label = "chats"
            unique_together = [("slug", "number")]

    return Note


def plain_relation() -> type[models.Model]:
    class Note(TenantModel):
        user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

        class Meta(TenantModel.Meta):
            app_label = "chats"

    return Note


def parent_without_key() -> type[models.Model]:
    class Book(TenantModel):
        class Meta(TenantModel.Meta):
            app_label = "chats"

    class Note(TenantModel):
        book = models.ForeignKey(Book, on_delete=models.CASCADE)

        class Meta(TenantModel.Meta):
            app_label = "chats"
            constraints = [SameTeam(field="book", name="note_book")]

    return Note


def many_to_many() -> type[models.Model]:
    class Note(TenantModel):
        readers = models.ManyToManyField(User, related_name="+")

        class Meta(TenantModel.Meta):
            app_label = "chats"

    return Note


def global_with_a_door() -> type[models.Model]:
    class Note(models.Model):  # noqa: DJ008
        user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "chats"

    return Note


BAD: dict[Callable[[], type[models.Model]], list[str]] = {
    no_tenant_model: ["E001"],
    open_door: ["E002"],
    open_default: ["E002"],
    unique_field: ["E003"],
    unique_without_team: ["E004"],
    unique_expression: ["E004"],
    unique_together: ["E004"],
    plain_relation: ["E005"],
    parent_without_key: ["E006"],
    many_to_many: ["E007"],
    global_with_a_door: ["E001", "E008"],
}


@pytest.mark.parametrize("build", BAD, ids=lambda build: build.__name__)
def test_a_bad_model_is_refused(build: Callable[[], type[models.Model]]) -> None:
    with isolate_apps("chats", "accounts"):
        assert [message.id for message in check_model(build())] == [f"tenants.{code}" for code in BAD[build]]


def test_a_good_model_is_taken() -> None:
    with isolate_apps("chats", "accounts"):
        assert list(check_model(good())) == []


def test_a_listed_model_may_have_no_team(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GLOBAL_MODELS, "chats.Note", "for the test")
    with isolate_apps("chats"):
        assert list(check_model(no_tenant_model())) == []


def test_a_model_that_forgets_the_parents_meta_is_scoped_all_the_same() -> None:
    with isolate_apps("chats", "accounts"):
        note = forgotten_base()
        assert list(check_model(note)) == []
        assert isinstance(note._default_manager, TenantManager)
        assert isinstance(note._base_manager, TenantManager)


def test_our_own_models_pass() -> None:
    assert check_tenancy(None) == []
