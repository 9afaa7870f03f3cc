"""The pages of agents and of usage."""

from django.urls import path

from agents.views import usage

urlpatterns = [
    path("usage", usage.my_usage, name="usage"),
    path("usage.csv", usage.my_usage_csv, name="usage-csv"),
]
