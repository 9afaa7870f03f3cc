"""The calls of OpenAI's API, with a team's agents as models."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.models import Scope, User
from agents.queries import agents_of
from chats.api.reading import idempotency_key
from chats.api.streams import EVENT_STREAM
from chats.completions.asking import Asked, ask, model_of
from chats.completions.chat import ChatCompletion
from chats.completions.parts import said_in
from chats.completions.reading import Answer, Shape
from chats.completions.response import ModelResponse
from chats.completions.serializers import CompletionSerializer, ResponseSerializer
from chats.completions.shown import CompletionShown, DoorErrorSerializer, ModelList, ModelSerializer, ResponseShown
from tenants.api.parsers import UploadJSONParser, take_body
from tenants.late import LateResponse

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Makes a repeat safe where `metadata.chat_id` is the id of a chat; elsewhere it counts for nothing.",
)


class DoorView(APIView):
    """A call of this door; its refusals have that API's shape too."""

    error_serializer = DoorErrorSerializer
    request: Request

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    @property
    def owner(self) -> dict[str, str]:
        """Return whose the models are, for their serializer."""
        return {"owned_by": self._user.team.slug}

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if response.status_code == 429:  # a client that tries again by itself would be refused again
            response["x-should-retry"] = "false"
        return response


@extend_schema(tags=["openai"])
class ModelsView(DoorView):
    """The agents that can be asked."""

    read_scope = Scope.AGENTS_READ

    @extend_schema(operation_id="models_list", responses=ModelList)
    def get(self, request: Request) -> Response:
        """List the agents that can be asked, as models."""
        agents = agents_of(self._user)
        return Response({"object": "list", "data": ModelSerializer(agents, many=True, context=self.owner).data})


@extend_schema(tags=["openai"])
class ModelView(DoorView):
    """One of them."""

    read_scope = Scope.AGENTS_READ

    @extend_schema(operation_id="models_retrieve", responses=ModelSerializer)
    def get(self, request: Request, model: str) -> Response:
        """Show an agent as a model, by its id or its name."""
        return Response(ModelSerializer(model_of(self._user, model), context=self.owner).data)


class AskView(DoorView):
    """A call that an agent answers, whole or as a stream."""

    write_scope = Scope.CHATS_WRITE
    parser_classes = (UploadJSONParser,)
    refusals: ClassVar[dict[str, list[str]]] = {"post": ["404", "409", "422", "429", "502", "503", "504"]}
    reads: ClassVar[type[Serializer[Any]]]
    field: ClassVar[str]

    def shape(self, asked: Asked, fields: dict[str, Any]) -> Shape:
        """Return how the answer is written."""
        raise NotImplementedError

    def messages(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the conversation, oldest first."""
        raise NotImplementedError

    def answer(self, request: Request) -> LateResponse:
        """Book the question; the response waits for the agent."""
        fields = self.reads().run_validation(take_body(request))  # a form that validates its own data keeps it
        asked = ask(
            user=self._user,
            agent=model_of(self._user, fields["model"]),
            said=said_in(self.messages(fields), field=self.field),
            chat_id=fields.get("metadata", {}).get("chat_id", ""),
            key=idempotency_key(request),
        )
        is_stream = fields.get("stream", False)
        response = LateResponse(
            Answer(asked, self.shape(asked, fields), fields.get("stop", ()), is_stream=is_stream).decide
        )
        for name, value in asked.standing.headers.items() if asked.standing else ():
            response[name] = value
        if asked.chat_id is not None:
            response["X-Chat-Id"] = str(asked.chat_id)
        if asked.replayed:
            response["Idempotent-Replayed"] = "true"
        return response


@extend_schema(tags=["openai"])
class CompletionsView(AskView):
    """Chat completions."""

    reads = CompletionSerializer
    field = "messages"

    def shape(self, asked: Asked, fields: dict[str, Any]) -> Shape:
        include_usage = fields.get("stream_options", {}).get("include_usage", False)
        return ChatCompletion(asked, model=fields["model"], include_usage=include_usage)

    def messages(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        return list(fields["messages"])

    @extend_schema(
        operation_id="chat_completions",
        request=CompletionSerializer,
        responses={(200, "application/json"): CompletionShown, (200, EVENT_STREAM): OpenApiTypes.STR},
        parameters=[IDEMPOTENCY_KEY],
        examples=[
            OpenApiExample(
                "One question",
                {"model": "demo-agent", "messages": [{"role": "user", "content": "Hello"}], "stream": False},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> LateResponse:
        """Ask an agent, with all that was said before.

        Nothing of it is kept, and the agent is stopped when the client goes away, unless `metadata.chat_id` names an
        own chat (or `new`, for one whose id comes back there): then the last message of the user becomes its next
        message, the chat's own history counts, and the answer is kept. Fields that are not named here are ignored;
        an agent uses its own tools. Token counts are 0 where the agent does not report them.
        """
        return self.answer(request)


@extend_schema(tags=["openai"])
class ResponsesView(AskView):
    """Responses, as the newer half of that API has them."""

    reads = ResponseSerializer
    field = "input"

    def shape(self, asked: Asked, fields: dict[str, Any]) -> Shape:
        return ModelResponse(asked, model=fields["model"])

    def messages(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        instructions = fields.get("instructions", "")
        return [*([{"role": "system", "content": instructions}] if instructions else []), *fields["input"]]

    @extend_schema(
        operation_id="responses",
        request=ResponseSerializer,
        responses={(200, "application/json"): ResponseShown, (200, EVENT_STREAM): OpenApiTypes.STR},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> LateResponse:
        """Ask an agent, with all that was said before; see `/v1/chat/completions` for what is kept."""
        return self.answer(request)
