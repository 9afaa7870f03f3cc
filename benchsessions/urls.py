"""The pages of the bench, all under `/bench`."""

from django.urls import path

from benchsessions.views import (
    charts,
    compare,
    export,
    judging,
    pages,
    review,
    running,
    sessions,
    settings,
    starting,
    targets,
)

urlpatterns = [
    path("bench", sessions.session_list, name="bench-sessions"),
    path("bench/new", starting.new_session, name="bench-new"),
    path("bench/sessions/<uuid:bench_id>/run", running.run, name="bench-run"),
    path("bench/sessions/<uuid:bench_id>/rename", sessions.rename, name="bench-rename"),
    path("bench/sessions/<uuid:bench_id>/delete", sessions.delete, name="bench-delete"),
    path("bench/sessions/<uuid:bench_id>/restore", sessions.restore, name="bench-restore"),
    path("bench/sessions/<uuid:bench_id>", review.review, name="bench-session"),
    path("bench/sessions/<uuid:bench_id>/rail", review.rail, name="bench-rail"),
    path("bench/sessions/<uuid:bench_id>/response", review.raw_response, name="bench-raw-response"),
    path("bench/sessions/<uuid:bench_id>/items/<int:index>", review.item, name="bench-item"),
    path("bench/sessions/<uuid:bench_id>/items/<int:index>/judge", judging.judge, name="bench-judge"),
    path("bench/sessions/<uuid:bench_id>/items/<int:index>/flag", judging.flag, name="bench-flag"),
    path("bench/sessions/<uuid:bench_id>/flags/<uuid:flag_id>/resolve", judging.resolve, name="bench-flag-resolve"),
    path("bench/charts", charts.report_page, name="bench-charts"),
    path("bench/compare", compare.comparison, name="bench-compare"),
    path("bench/language", pages.choose_language, name="bench-language"),
    path("bench/sessions/<uuid:bench_id>/export", export.export, name="bench-export"),
    path("bench/settings", settings.settings_page, name="bench-settings"),
    path("bench/settings/check", settings.check, name="bench-settings-check"),
    path("bench/targets", targets.target_list, name="bench-targets"),
    path("bench/targets/<str:environment>", targets.target, name="bench-target"),
]
