"""The pages of share links: for visitors, for their owners, for a team's admins."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
