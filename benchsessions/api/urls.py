"""The bench's API: the contract under `v1/users`, our own calls under `bench`."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
