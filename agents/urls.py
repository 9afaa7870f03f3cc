"""The pages of agents and of usage."""

from django.urls import path

from agents.views import diagnosis, usage

urlpatterns = [
    path("agents/<uuid:agent_id>/test", diagnosis.test_agent, name="agent-test"),
    path("agents/<uuid:agent_id>/tests/<uuid:run_id>", diagnosis.report, name="agent-test-report"),
    path("usage", usage.my_usage, name="usage"),
    path("usage.csv", usage.my_usage_csv, name="usage-csv"),
]
