"""The pages of agents and of usage."""

from django.urls import path

from agents.views import diagnosis, manage, sharing, usage

urlpatterns = [
    path("agents", manage.agent_list, name="agents"),
    path("agents/new", manage.new_agent, name="agent-new"),
    path("agents/import", sharing.bring_in, name="agent-import"),
    path("agents/<uuid:agent_id>", manage.agent_detail, name="agent"),
    path("agents/<uuid:agent_id>/edit", manage.edit_agent, name="agent-edit"),
    path("agents/<uuid:agent_id>/active", manage.set_active, name="agent-active"),
    path("agents/<uuid:agent_id>/avatar", manage.set_picture, name="agent-avatar"),
    path("agents/<uuid:agent_id>/delete", manage.delete_agent, name="agent-delete"),
    path("agents/<uuid:agent_id>/members", sharing.members, name="agent-members"),
    path("agents/<uuid:agent_id>/versions", sharing.version_list, name="agent-versions"),
    path("agents/<uuid:agent_id>/restore", sharing.restore, name="agent-restore"),
    path("agents/<uuid:agent_id>/duplicate", sharing.duplicate, name="agent-duplicate"),
    path("agents/<uuid:agent_id>/export", sharing.export, name="agent-export"),
    path("agents/<uuid:agent_id>/test", diagnosis.test_agent, name="agent-test"),
    path("agents/<uuid:agent_id>/tests/<uuid:run_id>", diagnosis.report, name="agent-test-report"),
    path("usage", usage.my_usage, name="usage"),
    path("usage.csv", usage.my_usage_csv, name="usage-csv"),
]
