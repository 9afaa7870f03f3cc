"""Which site the Django admin is."""

from django.contrib.admin.apps import AdminConfig


class ParleyAdminConfig(AdminConfig):
    default_site = "config.admin_site.SignInAdminSite"
