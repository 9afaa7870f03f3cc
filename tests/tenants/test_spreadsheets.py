"""CSV that a spreadsheet opens without running any of it."""

import csv
from io import StringIO

import pytest

from tenants.spreadsheets import csv_text


def cells(text):
    return list(csv.reader(StringIO(text)))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\n=", "＝", "－"])
def test_a_text_that_looks_like_a_formula_is_kept_from_being_one(start):
    assert cells(csv_text([[f"{start}1+1"]])) == [[f"'{start}1+1"]]


@pytest.mark.parametrize("text", ["Помощник", "a=b", "1-2", 'say "no"', "two\nlines", "a,b;c", "", "'quoted", "🙂"])
def test_every_other_text_comes_back_as_it_was(text):
    assert cells(csv_text([["first", text]])) == [["first", text]]


def test_numbers_are_left_alone():
    assert csv_text([[-1, 2.5, None]]) == '-1,2.5,""\r\n'


def test_a_formula_behind_a_semicolon_stays_inside_its_cell():
    assert csv_text([["x;=1+1"]]) == '"x;=1+1"\r\n'
