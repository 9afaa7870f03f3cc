"""The bench's API: the contract under `v1/users`, our own calls under `bench`."""

from django.urls import URLPattern, URLResolver, include, path

from benchsessions.api.comparing import ComparisonViewSet
from benchsessions.api.exports import ExportViewSet
from benchsessions.api.items import ItemViewSet, SessionViewSet
from benchsessions.api.opinions import OpinionViewSet
from benchsessions.api.reporting import ReportViewSet
from benchsessions.api.runs import RunViewSet
from benchsessions.api.sets import SetViewSet

SESSION = "bench/sessions/<uuid:bench_id>"
ITEM = f"{SESSION}/items/<number:index>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/users/", include("benchsessions.api.contract.urls")),
    path("bench/compare", ComparisonViewSet.as_view({"get": "compare"})),
    path("bench/report", ReportViewSet.as_view({"get": "report"})),
    path("bench/sessions", SessionViewSet.as_view({"get": "list"})),
    path(SESSION, SessionViewSet.as_view({"get": "retrieve"})),
    path(f"{SESSION}/export", ExportViewSet.as_view({"get": "retrieve"})),
    path(f"{SESSION}/run", RunViewSet.as_view({"get": "retrieve", "post": "start"}), name="api-bench-run"),
    path(f"{SESSION}/run/stop", RunViewSet.as_view({"post": "stop"})),
    path(f"{SESSION}/run/resume", RunViewSet.as_view({"post": "resume"})),
    path(f"{SESSION}/run/retry", RunViewSet.as_view({"post": "retry"})),
    path(f"{SESSION}/opinions", OpinionViewSet.as_view({"get": "list", "post": "create"})),
    path(f"{SESSION}/opinions/<uuid:analyst_id>", OpinionViewSet.as_view({"delete": "destroy"})),
    path(f"{SESSION}/agreement/<uuid:analyst_id>/<uuid:other_id>", OpinionViewSet.as_view({"get": "agreement"})),
    path(f"{ITEM}/decision", OpinionViewSet.as_view({"put": "decide", "delete": "undecide"})),
    path(f"{SESSION}/items", ItemViewSet.as_view({"get": "list"})),
    path(ITEM, ItemViewSet.as_view({"get": "retrieve"}), name="api-bench-item"),
    path(
        f"{ITEM}/annotation",
        ItemViewSet.as_view({"get": "annotation", "put": "annotate", "delete": "take_back"}),
        name="api-bench-annotation",
    ),
    path(f"{SESSION}/annotations", ItemViewSet.as_view({"patch": "merge"})),
    path(f"{ITEM}/flags", ItemViewSet.as_view({"post": "flag"}), name="api-bench-flags"),
    path(f"{SESSION}/flags/<uuid:flag_id>/resolve", ItemViewSet.as_view({"post": "resolve"}), name="api-bench-resolve"),
    path("bench/sets", SetViewSet.as_view({"get": "list", "post": "create"})),
    path("bench/sets/<uuid:set_id>", SetViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("bench/sets/<uuid:set_id>/versions", SetViewSet.as_view({"post": "add_version"})),
    path("bench/sets/<uuid:set_id>/questions", SetViewSet.as_view({"get": "questions"})),
]
