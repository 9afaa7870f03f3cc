"""Asking the questions of a session, as JSON."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchsessions.api.base import BenchViewSet
from benchsessions.forms.starting import MOST_ERRORS
from benchsessions.models import BenchSession, RunState
from benchsessions.queries import session_with, sessions
from benchsessions.running import standing, stop_run
from benchsessions.starting import Verb, run_session
from tenants.api.fields import StrictBooleanField, StrictIntegerField, WriteSerializer

MOST_BATCH = 100_000
MOST_AT_ONCE = 1000


class RunSerializer(serializers.Serializer[Any]):
    """How the asking stands. `asked` of `due` were dealt with since it was started or resumed last."""

    state = serializers.ChoiceField(choices=RunState.choices, allow_null=True, help_text="null: it was never run.")
    done = serializers.IntegerField(help_text="Questions that were answered, failed or were skipped.")
    total = serializers.IntegerField()
    failed = serializers.IntegerField()
    asked = serializers.IntegerField()
    due = serializers.IntegerField()
    per_minute = serializers.FloatField(allow_null=True)
    seconds_left = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(help_text="Why it ended, for programs; empty if all was asked.")
    sentence = serializers.CharField(help_text="The same for people.")
    is_stopping = serializers.BooleanField()
    may_stop = serializers.BooleanField()
    may_resume = serializers.BooleanField()
    may_retry = serializers.BooleanField()


class StartSerializer(WriteSerializer):
    """How questions are asked; what is left out is as the environment and one's own settings have it."""

    batch_size = StrictIntegerField(
        min_value=0, max_value=MOST_BATCH, required=False, help_text="Questions in one call of the bench mode; 0: all."
    )
    max_concurrent = StrictIntegerField(min_value=1, max_value=MOST_AT_ONCE, required=False)
    stop_after_errors = StrictIntegerField(
        min_value=0, max_value=MOST_ERRORS, required=False, help_text="Errors in a row; 0 never stops, 10 if left out."
    )
    with_classify = StrictBooleanField(required=False)
    reset_session = StrictBooleanField(required=False, help_text="false asks in order, in one conversation.")


class RunViewSet(BenchViewSet[BenchSession]):
    """The asking of a session: looked at, started, stopped, resumed, and tried again where it failed."""

    refusals = {"start": ["404", "409"], "stop": ["404"], "resume": ["404", "409"], "retry": ["404", "409"]}
    serializer_class = RunSerializer

    def base_queryset(self) -> QuerySet[BenchSession]:
        return sessions()

    @extend_schema(operation_id="bench_run", responses=RunSerializer)
    def retrieve(self, request: Request, bench_id: UUID) -> Response:
        """Tell how the asking stands; cheap, so that it can be asked again and again."""
        return _told(bench_id)

    @extend_schema(operation_id="start_bench_run", request=StartSerializer, responses=RunSerializer)
    def start(self, request: Request, bench_id: UUID) -> Response:
        """Ask all questions that were not asked yet, with one's own settings and token."""
        body = StartSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self._run(bench_id, Verb.START, **body.validated_data)

    @extend_schema(operation_id="stop_bench_run", request=None, responses=RunSerializer)
    def stop(self, request: Request, bench_id: UUID) -> Response:
        """Ask nothing more and wait for what is on its way; called again a second later or more, cut that off too."""
        stop_run(session_with(bench_id).id)
        return _told(bench_id)

    @extend_schema(operation_id="resume_bench_run", request=None, responses=RunSerializer)
    def resume(self, request: Request, bench_id: UUID) -> Response:
        """Go on with what was not asked yet."""
        return self._run(bench_id, Verb.RESUME)

    @extend_schema(operation_id="retry_bench_run", request=None, responses=RunSerializer)
    def retry(self, request: Request, bench_id: UUID) -> Response:
        """Ask again what failed, and nothing else."""
        return self._run(bench_id, Verb.RETRY)

    def _run(self, bench_id: UUID, verb: Verb, **how: Any) -> Response:
        run_session(session=session_with(bench_id), by=self.analyst, verb=verb, **how)
        return _told(bench_id)


def _told(bench_id: UUID) -> Response:
    return Response(RunSerializer(standing(session_with(bench_id))).data)
