"""The pages of usage."""

from django.urls import path

from agents import views

urlpatterns = [
    path("usage", views.my_usage, name="usage"),
    path("usage.csv", views.my_usage_csv, name="usage-csv"),
]
