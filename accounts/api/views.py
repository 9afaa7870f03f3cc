"""Registering, signing in and out, and one's own profile, over HTTP."""

from typing import Any, ClassVar, cast

from django.contrib.auth import SESSION_KEY
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.actions import clients, invitations, people, signing_in
from accounts.addresses import client_address
from accounts.api.serializers import (
    DoneSerializer,
    LoginSerializer,
    ProfileSerializer,
    RegisterSerializer,
    TeamRequiredSerializer,
    UserSerializer,
)
from accounts.cookies import delete_token_cookies, set_token_cookies
from accounts.models import Scope, User
from accounts.resolver import REFRESH_COOKIE

SET_COOKIE = OpenApiParameter(
    "Set-Cookie",
    location=OpenApiParameter.HEADER,
    response=[200],
    description="access_token (path /) and refresh_token (path /api/auth), HttpOnly, SameSite=Lax.",
)


def valid(serializer: Serializer[Any]) -> dict[str, Any]:
    """Return what a body holds; raise a validation error on a bad one."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


REFRESH_TOKEN = OpenApiParameter(REFRESH_COOKIE, location=OpenApiParameter.COOKIE)


def _member(request: Request) -> User:
    return cast("User", request.user)  # the default permission lets nobody else in


class PublicView(APIView):
    """A call for people who are not signed in; credentials that came along, good or bad, do not matter."""

    permission_classes = [AllowAny]
    authentication_classes = []
    refusals: ClassVar[dict[str, list[str]]] = {}


@extend_schema(tags=["auth"])
class RegisterView(PublicView):
    refusals = {"post": ["404", "409", "429"]}

    @extend_schema(operation_id="register", request=RegisterSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        """Join a team that is open to registration, or with an invitation any team."""
        given = valid(RegisterSerializer(data=request.data))
        invitation, address = given.pop("invitation"), client_address(request)
        if invitation is None:
            user = people.register(**given, address=address)
        else:
            user = invitations.accept(**given, invitation=invitation, address=address)
        return Response(UserSerializer(user).data, status=201)


@extend_schema(tags=["auth"])
class LoginView(PublicView):
    refusals = {"post": ["429"]}

    @extend_schema(
        operation_id="login",
        request=LoginSerializer,
        responses={200: DoneSerializer, 409: TeamRequiredSerializer},
        parameters=[SET_COOKIE],
    )
    def post(self, request: Request) -> Response:
        """Sign in with an e-mail and a password."""
        given = valid(LoginSerializer(data=request.data))
        user = signing_in.prove_password(**given, address=client_address(request))
        session, token = clients.open_refresh_session(user=user, user_agent=request.headers.get("User-Agent", ""))
        if SESSION_KEY in request.session:
            signing_in.sign_out_page(request._request)
        response = Response({"message": "Login successful"})
        set_token_cookies(response, session, token)
        return response


@extend_schema(tags=["auth"])
class LogoutView(PublicView):
    @extend_schema(
        operation_id="logout", request=None, responses={200: DoneSerializer}, parameters=[REFRESH_TOKEN, SET_COOKIE]
    )
    def post(self, request: Request) -> Response:
        """Sign out, with whatever credentials there are."""
        clients.sign_out_client(
            principal=request._request.principal,  # type: ignore[attr-defined]
            refresh_token=request.COOKIES.get(REFRESH_COOKIE),
        )
        if SESSION_KEY in request.session:
            signing_in.sign_out_page(request._request)
        response = Response({"message": "Logout successful"})
        delete_token_cookies(response)
        return response


@extend_schema(tags=["auth"])
class RefreshView(PublicView):
    @extend_schema(
        operation_id="refresh", request=None, responses={200: DoneSerializer}, parameters=[REFRESH_TOKEN, SET_COOKIE]
    )
    def post(self, request: Request) -> Response:
        """Exchange the refresh token in its cookie for two new tokens."""
        session, token = clients.rotate_refresh_token(token=request.COOKIES.get(REFRESH_COOKIE, ""))
        response = Response({"message": "Token refreshed"})
        set_token_cookies(response, session, token)
        return response


@extend_schema(tags=["auth"])
class MeView(APIView):
    read_scope, write_scope = Scope.ACCOUNT_READ, Scope.ACCOUNT_WRITE

    @extend_schema(operation_id="me", responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Show who is signed in."""
        return Response(UserSerializer(_member(request)).data)

    @extend_schema(operation_id="update_me", request=ProfileSerializer, responses=UserSerializer)
    def put(self, request: Request) -> Response:
        """Change the given fields of one's own profile."""
        user = people.update_profile(user=_member(request), **valid(ProfileSerializer(data=request.data)))
        return Response(UserSerializer(user).data)
