"""Every address of Parley."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


# ReDoc writes style elements of its own while it draws; scripts stay as strict as everywhere.
redoc_csp = csp_update({"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]})
public = {"permission_classes": [AllowAny], "authentication_classes": []}

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/", include("accounts.api.urls")),
    path("api/", include("agents.api.urls")),
    path("api/", include("chats.api.urls")),
    path("v1/", include("accounts.api.v1.urls")),
    path("v1/", include("agents.api.v1.urls")),
    path("v1/", include("chats.completions.urls")),
    path("api/", include("benchsessions.api.urls")),
    path("mid/", include("sharing.api.urls")),
    path("api/schema", SpectacularJSONAPIView.as_view(**public), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema", **public), name="docs"),
    path("redoc", redoc_csp(SpectacularRedocView.as_view(url_name="schema", **public)), name="redoc"),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("agents.urls")),
    path("", include("chats.urls")),
    path("", include("sharing.urls")),
    path("", include("benchsessions.urls")),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
