"""The addresses of the bench contract."""

from django.urls import path

from benchsessions.api.contract import views

urlpatterns = [
    path("login", views.LoginView.as_view(), name="bench-contract-login"),
    path("<uuid:analyst_id>/settings", views.SettingsView.as_view(), name="bench-contract-settings"),
    path("<uuid:analyst_id>/sessions", views.SessionsView.as_view(), name="bench-contract-sessions"),
    path("<uuid:analyst_id>/sessions/<uuid:bench_id>", views.SessionView.as_view(), name="bench-contract-session"),
]
