"""The API does what its own description says, for good data and bad, whoever asks."""

import re

import httpx
import pytest
import schemathesis
import yaml
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks as openapi

pytestmark = pytest.mark.processes

DESCRIPTION = SchemaGenerator().get_schema(request=None, public=True)
OPEN = [path for path, calls in DESCRIPTION["paths"].items() if all({} in call["security"] for call in calls.values())]
ENFORCED = set()


def ignored_auth(ctx, response, case):
    """Send a good call once more without credentials; one confirmation is enough, as in the checker's own runs."""
    ctx.auth_enforced_operations = ENFORCED
    return openapi.ignored_auth(ctx, response, case)


CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
    ignored_auth,
    openapi.unsupported_method,
]
api = schemathesis.openapi.from_dict(
    DESCRIPTION,
    config=schemathesis.Config.from_dict(
        {"generation": {"deterministic": True, "with-security-parameters": False, "max-examples": 10}}
    ),
)

CONTRACT = "^/api/v1/users/"
open_calls, contract_calls = api.include(path=OPEN), api.include(path_regex=CONTRACT)
closed_calls = api.exclude(path=OPEN).exclude(path_regex=CONTRACT)
thorough = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


def test_the_served_description_is_the_one_tested(server):
    served = httpx.get(f"{server.base_url}/api/schema")
    assert yaml.safe_load(served.text)["paths"].keys() == DESCRIPTION["paths"].keys()


@open_calls.parametrize()
@pytest.mark.parametrize("caller", ["anonymous", "user"], indirect=True)
@thorough
def test_an_open_call_answers_as_declared(case, caller, server):
    answers_as_declared(case, caller, server)


@closed_calls.parametrize()
@pytest.mark.parametrize("caller", ["user", "admin"], indirect=True)
@thorough
def test_every_other_call_answers_as_declared(case, caller, server):
    """Without credentials too: `ignored_auth` sends each call once more without them, and with wrong ones."""
    answers_as_declared(case, caller, server)


@contract_calls.parametrize()
@pytest.mark.parametrize("caller", ["user", "back_end"], indirect=True)
@thorough
def test_a_call_of_the_bench_contract_answers_its_back_end_as_declared(case, caller, server):
    answers_as_declared(case, caller, server)


def answers_as_declared(case, caller, server):
    meet_what_exists(case, caller)
    answer = case.call(base_url=server.base_url, headers=caller.headers)
    wanted = [check for check in CHECKS if applies(check, answer)]
    sent = {"base_url": server.base_url, "headers": caller.headers}
    case.validate_response(answer, wanted, headers=caller.headers, transport_kwargs=sent)


def applies(check, answer):
    """Leave out the one check that cannot hold: OpenAPI 3.0 describes a stream as one text, never its events."""
    is_stream = answer.headers.get("content-type", [""])[0].startswith("text/event-stream")
    return not (check is openapi.response_schema_conformance and is_stream)


def meet_what_exists(case, caller):
    """Put known ids in the place of most made-up ones, so that more than the 404 is seen; lists have something too."""
    known = caller.known(case.operation.path)
    place = case.meta.components.get(ParameterLocation.PATH)
    if place is None or place.mode.is_negative:
        return
    for kind, name in re.findall(r"(\w+)/{(id|chat_id|token|analyst_id|bench_id|set_id)}", case.operation.path):
        made_up = case.path_parameters[name]
        if made_up[:1] not in {*"0123"}:
            case.path_parameters[name] = known.get(name, known.get(kind, made_up))
