"""The addresses of the share contract."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
