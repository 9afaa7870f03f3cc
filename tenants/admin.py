"""The admin site and the base of its pages."""

from django.contrib import admin


class ParleyAdminSite(admin.AdminSite):
    """The operators' and team admins' site."""

    site_title = site_header = "Parley"
    index_title = "Administration"
