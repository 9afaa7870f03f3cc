"""What is drawn of a report, and what each drawing says in words."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from benchsessions.models import Environment
from benchsessions.reports import Report, Sums
from tenants import charts
from tenants.charts import Drawing

FEW: Final = 30  # rated answers, with fewer of which an accuracy says little
Number = Callable[[Sums], float | None]


def drawings_of(report: Report) -> list[Drawing]:
    """Return the drawings that have something to show."""
    drawn = (_accuracy(report), _errors(report), _seconds(report))
    return [drawing for drawing in drawn if drawing.chart.dots or drawing.chart.strokes]


def cautions(report: Report) -> Iterator[str]:
    """Say where there is too little to tell anything from."""
    judged = [sums for sums in report.environments if sums.judged.shares]
    if report.environments and not judged:
        yield _("No answer is rated yet: there is no accuracy to draw.")
    for sums in judged:
        if sums.judged.rated < FEW:
            yield ngettext(
                "%(environment)s: only %(n)d answer is rated; its accuracy may well be chance.",
                "%(environment)s: only %(n)d answers are rated; their accuracy may well be chance.",
                sums.judged.rated,
            ) % {"environment": sums.environment.label, "n": sums.judged.rated}
    if len(report.days) == 1:
        yield _("All sessions are of one day: a line over time needs two.")


def _accuracy(report: Report) -> Drawing:
    numbers: dict[str, Number] = {}
    legend: dict[str, str] = {}
    for environment in _environments(report):
        for place, (suffix, label) in enumerate((("", _("strict")), ("-lenient", _("with partly as half")))):
            kind = f"{environment.value}{suffix}"
            legend[kind] = f"{environment.label}, {label}"
            numbers[kind] = _of(environment, lambda sums, place=place: _share(sums, place))  # type: ignore[misc]
    told = [
        _("%(environment)s %(percent)s %% (%(rated)s of %(all)s rated)")
        % {
            "environment": sums.environment.label,
            "percent": floatformat(sums.judged.percents[0]),
            "rated": sums.judged.rated,
            "all": sums.judged.questions,
        }
        for sums in report.environments
        if sums.judged.shares
    ]
    return _drawing("accuracy", _("Accuracy over time, %"), "; ".join(told), report, numbers, legend, highest=100)


def _errors(report: Report) -> Drawing:
    environments = _environments(report)
    told = [
        _("%(environment)s %(percent)s %% (%(failed)s of %(all)s asked)")
        % {
            "environment": sums.environment.label,
            "percent": floatformat(sums.error_percent),
            "failed": sums.failed,
            "all": sums.answered + sums.failed,
        }
        for sums in report.environments
        if sums.error_percent is not None
    ]
    numbers = {environment.value: _of(environment, lambda sums: sums.error_percent) for environment in environments}
    legend = {environment.value: environment.label for environment in environments}
    return _drawing("errors", _("Errors over time, %"), "; ".join(told), report, numbers, legend)


def _seconds(report: Report) -> Drawing:
    numbers: dict[str, Number] = {}
    legend: dict[str, str] = {}
    for environment in _environments(report):
        legend[environment.value] = _("%(environment)s, half within") % {"environment": environment.label}
        legend[f"{environment.value}-p95"] = _("%(environment)s, 95 of 100 within") % {"environment": environment.label}
        numbers[environment.value] = _of(environment, lambda sums: sums.seconds.p50)
        numbers[f"{environment.value}-p95"] = _of(environment, lambda sums: sums.seconds.p95)
    told = [
        _("%(environment)s: half within %(p50)s s, 95 of 100 within %(p95)s s")
        % {
            "environment": sums.environment.label,
            "p50": floatformat(sums.seconds.p50, 2),
            "p95": floatformat(sums.seconds.p95, 2),
        }
        for sums in report.environments
        if sums.seconds.p50 is not None and sums.seconds.p95 is not None
    ]
    return _drawing("seconds", _("Seconds to an answer over time"), "; ".join(told), report, numbers, legend)


def _drawing(
    name: str,
    title: str,
    says: str,
    report: Report,
    numbers: Mapping[str, Number],
    legend: Mapping[str, str],
    *,
    highest: float | None = None,
) -> Drawing:
    """Draw numbers of each day, one line a kind; kinds without any number are left out."""
    days = report.period.days
    series = {kind: [_on(report, day, number) for day in days] for kind, number in numbers.items()}
    known = {kind: label for kind, label in legend.items() if any(value is not None for value in series[kind])}
    chart = charts.lines(
        days,
        {kind: series[kind] for kind in known},
        known,
        tell=lambda label, value: f"{label} {floatformat(value, 2)}",
        is_sparse=True,
        highest=highest,
    )
    return Drawing(name, title, f"{says}." if says else "", chart)


def _on(report: Report, day: date, number: Number) -> float | None:
    return next((value for sums in report.days.get(day, ()) if (value := number(sums)) is not None), None)


def _of(environment: Environment, number: Number) -> Number:
    """Return a number of one environment alone."""
    return lambda sums: number(sums) if sums.environment == environment else None


def _share(sums: Sums, place: int) -> float | None:
    percents = sums.judged.percents
    return percents[place] if percents else None


def _environments(report: Report) -> list[Environment]:
    return [sums.environment for sums in report.environments]
