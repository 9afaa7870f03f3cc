"""Hand the middleware's principal to the REST framework."""

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.exceptions import BadToken
from accounts.models import User
from accounts.principal import Principal
from accounts.resolver import bearer_token


class PrincipalAuthentication(BaseAuthentication):
    """Answer with the principal that the middleware found; a bad bearer token is 401, not anonymous."""

    def authenticate(self, request: Request) -> tuple[User, Principal] | None:
        principal: Principal | None = getattr(request._request, "principal", None)
        if principal is not None:
            return principal.user, principal
        if bearer_token(request.headers.get("Authorization", "")) is not None:
            raise BadToken()
        return None

    def authenticate_header(self, request: Request) -> str:
        return f'Bearer realm="{settings.SPECTACULAR_SETTINGS["TITLE"]}"'
