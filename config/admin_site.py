"""Signing in to the admin, by the same rules as everywhere."""

from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.actions import signing_in
from accounts.addresses import client_address
from accounts.cookies import delete_token_cookies
from accounts.exceptions import TeamRequired
from accounts.forms.sign_in import SignInForm
from accounts.views.sign_in import sign_out
from agents.usage import dashboard
from tenants.admin_site import ParleyAdminSite
from tenants.exceptions import Forbidden, ParleyError, TooManyRequests


class SignInAdminSite(ParleyAdminSite):
    """The admin with the house's own sign-in; passwords are changed on the profile page."""

    @method_decorator([sensitive_post_parameters("password"), never_cache])
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if request.method == "GET" and self.has_permission(request):
            return redirect(self._next_page(request))
        form = SignInForm(_sent(request) if request.method == "POST" else None)
        if not form.is_valid():
            return self._sign_in_page(request, form)
        try:
            user = signing_in.prove_password(**form.cleaned_data, address=client_address(request))
            if not user.is_staff:
                raise Forbidden("The administration is for team admins and operators only.")
        except TeamRequired as question:
            return self._sign_in_page(request, SignInForm(_sent(request), teams=question.teams))
        except ParleyError as refusal:
            form.refuse(refusal.sentence)
            return self._sign_in_page(request, form, refusal=refusal)
        signing_in.sign_in_page(request, user, via="admin")
        response = redirect(self._next_page(request))
        delete_token_cookies(response)  # they come before the session and may belong to somebody else
        return response

    def get_urls(self) -> list[Any]:
        usage = [
            path("usage/", self.admin_view(dashboard.dashboard), name="usage"),
            path("usage.csv", self.admin_view(dashboard.dashboard_csv), name="usage-csv"),
        ]
        return [*usage, *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """List the page of usage among those of the agents."""
        apps = super().get_app_list(request, app_label)
        page = {"name": "Usage", "object_name": "Usage", "admin_url": reverse("admin:usage"), "view_only": True}
        for app in apps:
            if app["app_label"] == "agents":
                app["models"].append(page)
        return apps

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return sign_out(request)  # type: ignore[arg-type]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("profile")

    def _sign_in_page(
        self, request: HttpRequest, form: SignInForm, *, refusal: ParleyError | None = None
    ) -> HttpResponse:
        context = {
            **self.each_context(request),
            "title": "Sign in",
            "form": form,
            REDIRECT_FIELD_NAME: self._next_page(request),
        }
        response = TemplateResponse(request, "admin/login.html", context)
        if isinstance(refusal, TooManyRequests):
            refusal.mark(response)
        return response

    def _next_page(self, request: HttpRequest) -> str:
        page = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
        ours = url_has_allowed_host_and_scheme(
            page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return page if ours else reverse("admin:index")


def _sent(request: HttpRequest) -> QueryDict:
    """Return what was sent; programs that know Django's own sign-in call the e-mail `username`."""
    sent = request.POST.copy()
    sent.setdefault("email", request.POST.get("username", ""))
    return sent
