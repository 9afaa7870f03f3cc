"""The pages of the bench, all under `/bench`."""

from django.urls import path

from benchsessions.views import pages

urlpatterns = [
    path("bench/language", pages.choose_language, name="bench-language"),
]
