"""The bench speaks Russian in full: each text has a translation, and what is compiled is what people edit."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from scripts import messages
from scripts.messages import LANGUAGES, catalogue_of, compiled, kept, message_is_done, refreshed, wanted, written

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")
every_language = pytest.mark.parametrize("language", LANGUAGES)


def forms_of(string: str | tuple[str, ...] | list[str]) -> list[str]:
    return [string] if isinstance(string, str) else list(string)


@every_language
def test_every_text_has_a_translation(language: str) -> None:
    catalogue = kept(language)
    found = {(message.context, message.id): message.string for message in catalogue}
    asked = [message for message in wanted() if message.id]
    assert len(asked) > 100
    missing = [message.id for message in asked if not message_is_done(found.get((message.context, message.id)))]
    assert missing == []


@every_language
def test_a_translation_fills_in_what_the_text_does(language: str) -> None:
    for message in kept(language):
        if message.id:
            named = set(PLACEHOLDER.findall(forms_of(message.id)[-1]))
            for form in forms_of(message.string):
                assert set(PLACEHOLDER.findall(form)) <= named, message.id
            assert set(PLACEHOLDER.findall(forms_of(message.string)[-1])) == named, message.id


def test_sizes_are_told_in_units_of_the_language() -> None:
    told = {message.id: str(message.string) for message in kept("ru") if message.id}
    assert [text for text in told.values() if re.search(r"\b[KM]i?B\b", text)] == []
    assert told["At most %(most)d KB."] == "Не больше %(most)d КБ."


@every_language
def test_what_is_read_at_run_time_is_what_people_edit(language: str) -> None:
    assert catalogue_of(language).with_suffix(".mo").read_bytes() == compiled(kept(language))


def test_the_date_of_a_catalogue_changes_with_its_texts_alone(monkeypatch: Any, tmp_path: Path) -> None:
    said, path = Catalog(), tmp_path / "django.po"
    said.add("Yes")
    monkeypatch.setattr(messages, "wanted", lambda: said)
    monkeypatch.setattr(messages, "catalogue_of", lambda _language: path)
    path.write_bytes(re.sub(rb"(?<=POT-Creation-Date: )[^\\]+", b"2020-01-02 03:04+0000", written(refreshed("ru"))))
    assert written(refreshed("ru")) == path.read_bytes()
    said.add("No")
    assert b"2020-01-02" not in written(refreshed("ru"))
