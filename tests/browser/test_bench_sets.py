"""Question sets in a browser: a file becomes a set, and its pages hold together on a phone and in the dark."""

import pytest
from playwright.sync_api import expect

from tests.browser import looks

pytestmark = pytest.mark.browser

FILE = "Вопрос;Эталон;Документы;Теги;ID\r\n" + "".join(
    f"Как закрыть карту {n}, если она потеряна?;Позвоните в банк или зайдите в отделение с паспортом.;"
    f"Тарифы|Памятка о картах;карты|закрытие;q-{n}\r\n"
    for n in range(60)
)


def test_a_file_becomes_a_set_whose_pages_hold_together(signed_in):
    page = signed_in()
    page.goto("/bench/sets")
    page.get_by_role("link", name="New set").click()
    looks.take(page, "bench-set-new")
    broken = {"name": "вопросы.xlsx", "mimeType": "application/octet-stream", "buffer": b"PK\x03\x04"}
    page.get_by_label("File").set_input_files(broken)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("This spreadsheet is damaged.")).to_be_visible()
    rows = (FILE + ";нет вопроса;;;q-1\r\n").encode("cp1251")
    page.get_by_label("File").set_input_files({"name": "Ипотека.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", name="How “Ипотека.csv” is read")).to_be_visible()
    looks.take(page, "bench-set-look", full_page=True)
    page.get_by_label("Leave out the rows that cannot be read").check()
    page.get_by_role("button", name="Make the set").click()
    expect(page.get_by_role("status")).to_have_text("60 questions are in the set.")
    looks.take(page, "bench-set")
    page.get_by_role("link", name="Edit 1", exact=True).click()
    looks.take(page, "bench-set-question")
    page.goto("/bench/sets")
    looks.take(page, "bench-sets")
    page.goto("/bench/import")
    looks.take(page, "bench-import")
