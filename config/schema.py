"""How the OpenAPI description is drawn from the code: every refusal is declared, in the common format."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

ERROR = {
    "type": "object",
    "properties": {
        "detail": {"type": "string", "description": "One plain sentence."},
        "error_code": {"type": "string", "description": "UPPER_SNAKE, for programs."},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "Field → sentences.",
        },
    },
    "required": ["detail", "error_code"],
}
SENTENCES = {
    "400": "The request is not valid.",
    "401": "No or bad credentials.",
    "403": "Known, but not allowed.",
    "404": "Absent, or belonging to another team or person.",
    "405": "The method is not allowed here.",
    "409": "In conflict with the present state.",
    "413": "Larger than allowed.",
    "415": "Not a media type this call reads.",
    "422": "The same idempotency key came with another content.",
    "429": "Too many tries; see Retry-After.",
    "502": "The agent failed.",
    "503": "The agent is busy.",
    "504": "The agent took too long.",
}


class ContractSchema(AutoSchema):
    """Declare the refusals common to all calls, and those a view names in `refusals[action]`."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
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
        return {"description": SENTENCES[status], "content": {"application/json": {"schema": ERROR}}}
