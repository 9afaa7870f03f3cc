"""Where the parts of a drawing stand."""

from datetime import date, timedelta

import pytest

from tenants import charts
from tenants.charts import FLOOR, GAP, TOP, Mark, lines, percent, round_ticks, stacked

LEGEND = {"good": "Good", "bad": "Bad", "ugly": "Ugly"}


def told(name, value):
    return f"{name} {value:g}"


def days(count, last=date(2026, 3, 31)):
    return [last - timedelta(days=n) for n in range(count)][::-1]


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (6, [0, 2, 4, 6]),
        (7, [0, 2, 4, 6, 8]),
        (23, [0, 5, 10, 15, 20, 25]),
        (100, [0, 20, 40, 60, 80, 100]),
        (1_000_001, [0, 500_000, 1_000_000, 1_500_000]),
    ],
)
def test_whole_numbers_stand_on_whole_round_ticks(highest, ticks):
    assert round_ticks(highest, whole=True) == ticks


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [(0.04, [0, 0.01, 0.02, 0.03, 0.04]), (0.7, [0, 0.2, 0.4, 0.6, 0.8]), (8.6, [0, 2, 4, 6, 8, 10])],
)
def test_fractions_stand_on_round_ticks(highest, ticks):
    assert round_ticks(highest) == ticks


@pytest.mark.parametrize("exponent", range(-3, 8))
def test_ticks_are_few_even_and_hold_all(exponent):
    for first_digits in range(10, 100):
        highest = first_digits / 10 * 10**exponent
        ticks = round_ticks(highest)
        assert 2 <= len(ticks) <= 6
        assert ticks[-1] >= highest * (1 - 1e-9)
        assert ticks[-2] < highest


def test_columns_stand_on_the_floor_and_on_each_other():
    chart = stacked(days(2), {"good": [3, 0], "bad": [1, 0], "ugly": [0, 0]}, LEGEND)
    low, high = chart.columns[0].bars
    unit = (FLOOR - TOP) / 4
    assert (low.kind, float(low.y), float(low.height)) == ("good", FLOOR - 3 * unit, 3 * unit)
    assert (high.kind, float(high.y), float(high.height)) == ("bad", TOP, unit - GAP)
    assert chart.columns[1].bars == []
    assert [column.says for column in chart.columns] == ["30 Mar: 3 good, 1 bad", "31 Mar: none"]
    assert chart.legend == {"good": "Good", "bad": "Bad"}
    assert [mark.label for mark in chart.heights] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("count", [1, 7, 30, 90])
def test_columns_fill_the_width_and_stay_in_it(count):
    chart = stacked(days(count), {"good": [1] * count}, {"good": "Good"})
    right = float(chart.columns[-1].band.rstrip("%")) + float(chart.band_width.rstrip("%"))
    assert right == pytest.approx(100, abs=0.02)
    assert float(chart.columns[-1].x.rstrip("%")) + float(chart.bar_width.rstrip("%")) < 100


@pytest.mark.parametrize(
    ("count", "labels"),
    [
        (1, ["31 Mar"]),
        (7, ["25 Mar", "27 Mar", "29 Mar", "31 Mar"]),
        (30, ["11 Mar", "21 Mar", "31 Mar"]),
        (90, ["30 Jan", "1 Mar", "31 Mar"]),
    ],
)
def test_few_dates_are_labelled_the_last_one_always(count, labels):
    chart = stacked(days(count), {"good": [1] * count}, {"good": "Good"})
    assert [mark.label for mark in chart.dates] == labels
    assert chart.dates[-1] == Mark("100%", labels[-1], "end")


def test_a_line_has_a_gap_where_there_is_no_number():
    chart = lines(days(5), {"good": [1, 2, None, 4, None]}, {"good": "Good"}, tell=told)
    assert [(stroke.x1, stroke.x2) for stroke in chart.strokes] == [("10.00%", "30.00%")]
    assert [dot.x for dot in chart.dots] == ["10.00%", "30.00%", "70.00%"]
    assert chart.dots[-1].y == f"{TOP:.1f}"
    assert chart.columns[2].says == "29 Mar: none"


def test_sparse_numbers_are_joined_over_days_without_one_and_those_tell_nothing():
    chart = lines(days(365), {"good": [None, 40.0, *[None] * 362, 80.0]}, {"good": "Good"}, tell=told, is_sparse=True)
    assert [(stroke.x1, stroke.x2) for stroke in chart.strokes] == [(percent(1.5, 365), percent(364.5, 365))]
    assert [dot.x for dot in chart.dots] == [percent(1.5, 365), percent(364.5, 365)]
    assert [column.says for column in chart.columns] == ["2 Apr: Good 40", "31 Mar: Good 80"]


def test_a_scale_can_end_above_the_highest_number():
    chart = lines(days(2), {"good": [10.0, 20.0]}, {"good": "Good"}, tell=told, highest=100)
    assert [mark.label for mark in chart.heights] == ["0", "20", "40", "60", "80", "100"]


def test_of_many_days_only_a_lonely_one_is_a_dot():
    values = [1.0] * 90
    values[10] = values[12] = None
    chart = lines(days(90), {"good": values}, {"good": "Good"}, tell=told)
    assert [dot.x for dot in chart.dots] == [percent(11.5, 90)]


def test_without_any_number_there_is_an_empty_scale():
    chart = lines(days(7), {"good": [None] * 7}, {"good": "Good"}, tell=told)
    assert (chart.dots, chart.strokes) == ([], [])
    assert [mark.label for mark in chart.heights] == ["0", "1"]


@pytest.mark.parametrize(("part", "whole", "share"), [(1, 4, "25.00%"), (5, 4, "100.00%"), (0, 0, "0.00%")])
def test_a_share_is_at_most_all(part, whole, share):
    assert charts.percent(part, whole) == share
