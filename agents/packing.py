"""Make the requests of a call ready to be sent, without keeping others waiting while files are put into them."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any, Final

import aiohttp

from agents.kinds import Call, OutboundRequest

_UNFIT_IN_NAME: Final = re.compile(r'[\x00-\x1f\x7f"\\]')


async def packed(build: Callable[[Call], list[OutboundRequest]], call: Call) -> list[OutboundRequest]:
    """Build requests and write their JSON out: in a thread if there are files, at once if not, which is sooner."""
    if any(said.attachments for said in call.messages):
        return await asyncio.to_thread(lambda: [_written(request, _in_parts) for request in build(call)])
    return [_written(request, json.dumps) for request in build(call)]


def body_of(request: OutboundRequest) -> BytesIO | aiohttp.FormData:
    """Return what aiohttp sends piece by piece; it is read up while it is sent, so each try needs its own."""
    if not request.form:
        return BytesIO(request.body)
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in request.form:
        if isinstance(value, str):
            form.add_field(name, value)
        else:
            filename = _UNFIT_IN_NAME.sub("_", value.name)
            form.add_field(name, BytesIO(value.data), filename=filename, content_type=value.media_type)
    return form


def _written(request: OutboundRequest, dump: Callable[[Any], str]) -> OutboundRequest:
    return request if request.form else replace(request, body=dump(request.json).encode())


def _in_parts(value: Any) -> str:
    """Return what `json.dumps` does, which would hold the interpreter's lock from the first file to the last."""
    return "".join(json.JSONEncoder().iterencode(value))
