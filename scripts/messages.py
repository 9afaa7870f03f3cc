"""Bring the catalogues of the bench's languages up to date: what is to be translated, and what is read at run time."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from scripts.environment import ROOT

LANGUAGES = ("ru",)
HEADER = "# What the bench says in {}; `make messages` brings it up to date."
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    "npgettext": ((1, "c"), 2, 3),
}
SOURCES = (("benchsessions", "*.py"), ("templates/bench", "*.html"))
ALONE = (
    *("templates/base.html", "templates/_nav.html", "templates/_user_menu.html", "templates/errors/error.html"),
    *("agents/addresses.py", "tenants/charts.py", "config/errors.py", "config/middleware.py"),
    *("tenants/exceptions.py", "accounts/exceptions.py"),
)


def catalogue_of(language: str) -> Path:
    """Return the file of a language that people edit."""
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def wanted() -> Catalog:
    """Return all that the bench says, without any translation."""
    found = Catalog(project="Parley", charset="utf-8")
    for path in _files():
        text = path.read_text()
        code = _code_of(text) if path.suffix == ".html" else text
        place = path.relative_to(ROOT).as_posix()
        for line, message, _comments, context in extract("python", io.BytesIO(code.encode()), KEYWORDS):
            flags = ["python-format"] if "%(" in str(message) else []
            found.add(message, locations=[(place, line)], flags=flags, context=context)
    return found


def kept(language: str) -> Catalog:
    """Return a language's catalogue as it is; an empty one where there is none."""
    path = catalogue_of(language)
    if not path.exists():
        return Catalog(locale=language, project="Parley", charset="utf-8")
    with path.open("rb") as handle:
        return read_po(handle, locale=language)


def refreshed(language: str) -> Catalog:
    """Return a language's catalogue with all that is said now; its date stays where nothing else changed."""
    catalogue = kept(language)
    before, since = written(catalogue), catalogue.creation_date
    catalogue.update(wanted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False  # else its own header is left out of what is compiled, and with it the plural forms
    catalogue.header_comment = HEADER.format(catalogue.locale_identifier)
    now, catalogue.creation_date = catalogue.creation_date, since
    if written(catalogue) != before:
        catalogue.creation_date = now
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """Return what people edit."""
    text = io.BytesIO()
    write_po(text, catalogue, width=120, sort_output=True, no_location=True)
    return text.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return what Django reads."""
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    return binary.getvalue()


def main() -> None:
    """Write the catalogues; fail if a text has no translation yet."""
    missing = 0
    for language in LANGUAGES:
        catalogue = refreshed(language)
        path = catalogue_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        untranslated = [message.id for message in catalogue if message.id and not message_is_done(message.string)]
        missing += len(untranslated)
        for text in untranslated:
            print(f"{language}: {text!r}")
    sys.exit(1 if missing else 0)


def message_is_done(string: str | tuple[str, ...] | list[str] | None) -> bool:
    """Tell whether a translation is there, in all its plural forms."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


def _code_of(template: str) -> str:
    """Return what a template says as code, without the indents, which mean nothing there."""
    return "\n".join(line.strip() for line in templatize(template).splitlines())


def _files() -> Iterator[Path]:
    for folder, pattern in SOURCES:
        yield from sorted((ROOT / folder).rglob(pattern))
    yield from (ROOT / name for name in ALONE)


if __name__ == "__main__":
    main()
