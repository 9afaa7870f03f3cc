"""How the OpenAPI description is drawn from the code: every refusal is declared, in the common format."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from accounts.permissions import IsTrustedBackEnd, required_scope

SENTENCES = {
    "400": "The request is not valid.",
    "401": "No or bad credentials.",
    "403": "Known, but not allowed.",
    "404": "Absent, or belonging to another team or person.",
    "405": "The method is not allowed here.",
    "409": "In conflict with the present state.",
    "410": "The link was valid once.",
    "412": "Changed meanwhile; the answer holds what stands now.",
    "413": "Larger than allowed.",
    "415": "Not a media type this call reads.",
    "422": "The same idempotency key came with another content.",
    "428": "Say in If-Match which version you change.",
    "429": "Too many tries; see Retry-After.",
    "502": "The agent failed.",
    "503": "Busy, or a service that the answer needs is away.",
    "504": "The agent took too long.",
}


class ErrorSerializer(serializers.Serializer[Any]):
    """The body of every refusal."""

    detail = serializers.CharField(help_text="One plain sentence.")
    error_code = serializers.CharField(help_text="UPPER_SNAKE, for programs.")
    errors = serializers.DictField(  # type: ignore[assignment] # a field; the class keeps its own property
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Field → sentences.",
    )


class PrincipalScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the package's own gap
    """Describe the credentials of API clients that the resolver of who is asking takes."""

    target_class = "accounts.api.authentication.PrincipalAuthentication"
    name = ["bearer", "apiKey", "cookie"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An access token (JWT) or an API key."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            {"type": "apiKey", "in": "cookie", "name": "access_token"},
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[str]]]:
        """Name what opens a call; any one of them is enough."""
        if any(isinstance(allowed, IsTrustedBackEnd) for allowed in auto_schema.view.get_permissions()):
            return [{"bearer": []}, {"apiKey": []}]
        takes_keys = required_scope(auto_schema.view, auto_schema.method) is not None
        return [{name: []} for name in self.name if takes_keys or name != "apiKey"]


class StackScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # the package's own gap
    """Describe the token of Stack Auth by which people sync themselves."""

    target_class = "accounts.api.v1.sync.StackAuthentication"
    name = "stackAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT of Stack Auth"}


class ContractSchema(AutoSchema):
    """Name the scope that opens a call to a key, and declare the refusals: those of all and the view's `refusals`."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            if scope := required_scope(self.view, self.method):
                operation["x-required-scope"] = scope.value
                sentence = f"An API key needs the scope `{scope}`."
                operation["description"] = "\n\n".join(filter(None, [operation.get("description"), sentence]))
            for status in self._refusals():
                operation["responses"].setdefault(status, self._error(status))
        return operation

    def _refusals(self) -> list[str]:
        common = ["401", "403", "405"]
        if "{" in self.path:
            common.append("404")
        if self.method in {"POST", "PUT", "PATCH"}:
            common += ["400", "413", "415"]
        if self.method == "GET":
            common.append("400")
        action = getattr(self.view, "action", None) or self.method.lower()
        return sorted({*common, *getattr(self.view, "refusals", {}).get(action, [])})

    def _error(self, status: str) -> dict[str, Any]:
        serializer = getattr(self.view, "error_serializer", ErrorSerializer)
        body = self.resolve_serializer(serializer, "response").ref
        return {"description": SENTENCES[status], "content": {"application/json": {"schema": body}}}
