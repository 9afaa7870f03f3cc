"""Trusted back ends, and people with a token of Stack Auth, bring in whom another provider knows."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.sync import ExternalPerson, Synced, sync_person
from accounts.api.authentication import PrincipalAuthentication
from accounts.api.v1.serializers import OAuthSyncSerializer, StackSyncSerializer, SyncedSerializer
from accounts.api.views import valid
from accounts.keys import looks_like_key
from accounts.models import Scope
from accounts.permissions import IsTrustedBackEnd
from accounts.principal import Principal
from accounts.resolver import bearer_token
from accounts.stack_auth import StackPerson, verified


class StackAuthentication(PrincipalAuthentication):
    """Take a bearer's token that is none of ours for one of Stack Auth, and leave all else to the next in line."""

    def authenticate(self, request: Request) -> Any:
        token = bearer_token(request.headers)
        if not token or looks_like_key(token) or getattr(request._request, "principal", None) is not None:
            return None
        return None, verified(token)


class IsTrustedBackEndOrVouchedFor(IsTrustedBackEnd):
    """A team's own key, or somebody for whom Stack Auth vouches."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, StackPerson) or super().has_permission(request, view)


class SyncView(APIView):
    permission_classes = [IsTrustedBackEnd]
    write_scope = Scope.USERS_SYNC
    refusals: ClassVar[dict[str, list[str]]] = {"post": ["409"]}

    @staticmethod
    def shown(synced: Synced) -> Response:
        """Answer with the person, and keep the key out of every cache."""
        user = synced.user
        body = {
            "user_id": user.id,
            "email": user.email,
            "full_name": user.full_name,
            "tier": user.tier_id,
            "api_key": synced.key,
            "message": "User created" if synced.is_new else "User synced",
            "is_new": synced.is_new,
        }
        return Response(SyncedSerializer(body).data, status=201, headers={"Cache-Control": "private, no-store"})


@extend_schema(tags=["identity"])
class OAuthSyncView(SyncView):
    @extend_schema(operation_id="sync_oauth_user", request=OAuthSyncSerializer, responses={201: SyncedSerializer})
    def post(self, request: Request) -> Response:
        """Bring in a person whom an OAuth provider knows, for a back end with a key of the team."""
        given = valid(OAuthSyncSerializer(data=request.data))
        person = ExternalPerson(provider=given.pop("provider", "github"), subject=given.pop("user_id"), **given)
        return self.shown(sync_person(team_id=cast("Principal", request.auth).team_id, person=person))


@extend_schema(tags=["identity"])
class StackSyncView(SyncView):
    authentication_classes = [StackAuthentication, PrincipalAuthentication]
    permission_classes = [IsTrustedBackEndOrVouchedFor]
    refusals: ClassVar[dict[str, list[str]]] = {"post": ["409", "503"]}

    @extend_schema(operation_id="sync_stack_user", request=StackSyncSerializer, responses={201: SyncedSerializer})
    def post(self, request: Request) -> Response:
        """Bring in a person of Stack Auth, for a back end with a key of the team, or by the person's own token."""
        given = valid(StackSyncSerializer(data=request.data))
        person = ExternalPerson(provider="stack", subject=given.pop("stack_user_id"), **given)
        asker = cast("Principal | StackPerson", request.auth)
        if isinstance(asker, StackPerson):
            person = asker.vouched_for(person)
        return self.shown(sync_person(team_id=asker.team_id, person=person))
