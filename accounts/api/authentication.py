"""Hand the middleware's principal to the REST framework."""

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import signatures
from accounts.exceptions import BadKey, BadToken
from accounts.keys import looks_like_key
from accounts.models import User
from accounts.principal import Principal, Proof
from accounts.resolver import bearer_token, has_header_credential


class PrincipalAuthentication(BaseAuthentication):
    """Answer with the principal that the middleware found; a bad token or key is 401, not anonymous."""

    def authenticate(self, request: Request) -> tuple[User | None, Principal] | None:
        principal: Principal | None = getattr(request._request, "principal", None)
        if principal is not None:
            if principal.proof is Proof.API_KEY:
                signatures.check(request._request, principal)
            return principal.user, principal
        if has_header_credential(request.headers):
            token = bearer_token(request.headers)
            raise BadKey() if token is None or looks_like_key(token) else BadToken()
        return None

    def authenticate_header(self, request: Request) -> str:
        return f'Bearer realm="{settings.SPECTACULAR_SETTINGS["TITLE"]}"'
