from django.urls import path

from agents.api.v1.me import AccountView

urlpatterns = [path("auth/me", AccountView.as_view(), name="api-account")]
