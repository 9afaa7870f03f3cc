from django.urls import path

from agents.api.usage import AccountView

urlpatterns = [path("auth/me", AccountView.as_view(), name="api-account")]
