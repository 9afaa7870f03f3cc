"""A person's API keys, over HTTP."""

from typing import Any, ClassVar, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import queries
from accounts.actions import keys
from accounts.api.v1.serializers import KeyListSerializer, KeyMadeSerializer, KeyRevokedSerializer, KeyWriteSerializer
from accounts.api.views import valid
from accounts.models import Scope, User
from accounts.principal import Principal


class KeysView(APIView):
    """Whoever asks sees and changes their own keys, by signing in or by a key within its scopes."""

    read_scope, write_scope = Scope.KEYS_READ, Scope.KEYS_WRITE
    refusals: ClassVar[dict[str, list[str]]] = {"post": ["409"]}

    @staticmethod
    def person(request: Request) -> User:
        return cast("User", request.user)  # the default permission lets nobody else in


@extend_schema(tags=["identity"])
class KeyListView(KeysView):
    @extend_schema(operation_id="list_api_keys", responses=KeyListSerializer)
    def get(self, request: Request) -> Response:
        """List one's own keys that were not revoked, the newest first."""
        own = list(queries.open_keys(self.person(request)))
        return Response(KeyListSerializer({"api_keys": own, "total": len(own)}).data)

    @extend_schema(operation_id="create_api_key", request=KeyWriteSerializer, responses={201: KeyMadeSerializer})
    def post(self, request: Request) -> Response:
        """Make a key; one made by a key is never wider than that."""
        wanted: dict[str, Any] = valid(KeyWriteSerializer(data=request.data))
        key, text = keys.create_own_key(user=self.person(request), principal=cast("Principal", request.auth), **wanted)
        message = "API key created. Keep it now: it is not shown again."
        return Response(KeyMadeSerializer({"api_key": text, "key_info": key, "message": message}).data, status=201)


@extend_schema(tags=["identity"])
class KeyView(KeysView):
    @extend_schema(operation_id="revoke_api_key", responses={200: KeyRevokedSerializer})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke one of one's own keys for good."""
        keys.revoke_key(user=self.person(request), key_id=key_id)
        return Response({"message": "API key revoked successfully", "key_id": str(key_id)})
