"""Where things stand in a drawing of numbers over days; templates turn it into SVG.

Across, places are shares of the width, so that a drawing fits a phone and a wide screen and its letters stay as they
are; down, they are pixels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil, floor, log10
from typing import Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

TOP: Final = 12
FLOOR: Final = 180
HEIGHT: Final = 204
MOST_DATES: Final = 4
MOST_DOTTED: Final = 31  # on a line; more dots would hide it
FILLED: Final = 0.72
GAP: Final = 1  # between the parts of a column


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on a scale and where it stands; `anchor` is the side of it that stands there."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column."""

    kind: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Column:
    """All of one day: its band, which tells the numbers in words, and its bars."""

    band: str
    x: str
    says: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Dot:
    kind: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line between the dots of two days."""

    kind: str
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: its scales, the legend as kind → label, and either columns with bars, or dots and strokes."""

    heights: Sequence[Mark]
    dates: Sequence[Mark]
    legend: Mapping[str, str]
    band_width: str
    bar_width: str
    columns: Sequence[Column]
    dots: Sequence[Dot] = ()
    strokes: Sequence[Stroke] = ()
    height: int = HEIGHT
    floor: int = FLOOR


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with its name in the page's ids, its title, and what it shows in a sentence."""

    name: str
    title: str
    says: str
    chart: Chart


def stacked(days: Sequence[date], series: Mapping[str, Sequence[int]], legend: Mapping[str, str]) -> Chart:
    """Draw whole numbers a day, those of all kinds on top of each other in the order of the legend."""
    sums = [sum(values) for values in zip(*series.values(), strict=True)]
    ticks = round_ticks(max(sums), whole=True)
    kinds = [kind for kind in legend if any(series[kind])]
    columns = []
    for place, day in enumerate(days):
        bars, below = [], 0
        for kind in kinds:
            number = series[kind][place]
            if number:
                y = _height(below + number, ticks[-1])
                height = _height(below, ticks[-1]) - y
                bars.append(Bar(kind, _px(y), _px(max(height / 2, height - GAP) if below else height)))
            below += number
        told = ", ".join(f"{series[kind][place]:,} {legend[kind].lower()}" for kind in kinds if series[kind][place])
        columns.append(_column(days, place, f"{_day(day)}: {told or 'none'}", bars))
    return _chart(days, ticks, columns, {kind: legend[kind] for kind in kinds})


def lines(
    days: Sequence[date],
    series: Mapping[str, Sequence[float | None]],
    legend: Mapping[str, str],
    *,
    tell: Callable[[str, float], str],
    is_sparse: bool = False,
    highest: float | None = None,
) -> Chart:
    """Draw a number a day, one line a kind; `tell` says one in words, by its label in the legend.

    A line has a gap where there is no number, and a day alone is a dot; sparse numbers are joined over such days,
    which then tell nothing. `highest` is what the scale ends with, else the highest number.
    """
    highest = highest or max((v for values in series.values() for v in values if v is not None), default=0)
    ticks = round_ticks(highest)
    dots, strokes = [], []
    for kind in legend:
        places = [
            None if value is None else Dot(kind, _middle(days, place), _px(_height(value, ticks[-1])))
            for place, value in enumerate(series[kind])
        ]
        known = [dot for dot in places if dot]
        joined = known if is_sparse else places
        for before, dot, after in zip([None, *joined], joined, [*joined[1:], None], strict=False):
            if dot and before:
                strokes.append(Stroke(kind, before.x, before.y, dot.x, dot.y))
            if dot and (len(known) <= MOST_DOTTED or not (before or after)):
                dots.append(dot)
    columns = []
    for place, day in enumerate(days):
        numbers = {legend[kind]: values[place] for kind, values in series.items()}
        told = ", ".join(tell(name, value) for name, value in numbers.items() if value is not None)
        if told or not is_sparse:
            columns.append(_column(days, place, f"{_day(day)}: {told or 'none'}", []))
    return _chart(days, ticks, columns, legend, dots, strokes)


def round_ticks(highest: float, *, whole: bool = False) -> list[float]:
    """Return two to six round numbers at even distances, from 0 to `highest` or a little more."""
    if highest <= 0:
        return [0, 1]
    rough = highest / 5
    magnitude = 10 ** floor(log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough * (1 - 1e-9))
    if whole:
        step = max(1, step)
    count = ceil(highest / step - 1e-9)
    return [round(step * n, 9) for n in range(count + 1)]


def percent(part: float, whole: float) -> str:
    """Return a share as a length; more than all is all."""
    return f"{100 * min(1, part / whole) if whole else 0:.2f}%"


def _chart(
    days: Sequence[date],
    ticks: Sequence[float],
    columns: Sequence[Column],
    legend: Mapping[str, str],
    dots: Sequence[Dot] = (),
    strokes: Sequence[Stroke] = (),
) -> Chart:
    return Chart(
        heights=[Mark(_px(_height(tick, ticks[-1])), _figure(tick)) for tick in ticks],
        dates=_dates(days),
        legend=legend,
        band_width=percent(1, len(days)),
        bar_width=percent(FILLED, len(days)),
        columns=columns,
        dots=dots,
        strokes=strokes,
    )


def _dates(days: Sequence[date]) -> list[Mark]:
    """Label few enough days that a phone has room, the last one in any case."""
    last = len(days) - 1
    step = max(1, ceil(last / (MOST_DATES - 1)))
    marks = []
    for place in range(last, -1, -step):
        label = _day(days[place])
        if place == last:
            marks.append(Mark("100%", label, "end"))
        elif place == 0:
            marks.append(Mark("0%", label, "start"))
        else:
            marks.append(Mark(_middle(days, place), label))
    return marks[::-1]


def _column(days: Sequence[date], place: int, says: str, bars: Sequence[Bar]) -> Column:
    inset = (1 - FILLED) / 2
    return Column(percent(place, len(days)), percent(place + inset, len(days)), says, bars)


def _middle(days: Sequence[date], place: int) -> str:
    return percent(place + 0.5, len(days))


def _height(value: float, highest: float) -> float:
    return FLOOR - (FLOOR - TOP) * value / highest


def _px(place: float) -> str:
    return f"{place:.1f}"


def _figure(number: float) -> str:
    return number_format(Decimal(f"{number:.10g}"), force_grouping=True)


def _day(day: date) -> str:
    return date_format(day, _("j M"))
