"""The pages of the bench, all under `/bench`."""

from django.urls import path

from benchsessions.views import compare, export, pages, settings, targets

urlpatterns = [
    path("bench/compare", compare.comparison, name="bench-compare"),
    path("bench/language", pages.choose_language, name="bench-language"),
    path("bench/sessions/<uuid:bench_id>/export", export.export, name="bench-export"),
    path("bench/settings", settings.settings_page, name="bench-settings"),
    path("bench/settings/check", settings.check, name="bench-settings-check"),
    path("bench/targets", targets.target_list, name="bench-targets"),
    path("bench/targets/<str:environment>", targets.target, name="bench-target"),
]
