"""The request handler behind the ASGI application."""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.errors import body_of
from tenants.exceptions import ParleyError
from tenants.late import LateResponse
from tenants.threads import let_go_of_request_thread


class Handler(ASGIHandler):
    """Run middleware and view in one piece, in the request's thread.

    All of ours are synchronous; Django's own handler would return to the event loop between the last middleware and
    the view and change threads twice more. What has to be waited for comes after them, on the event loop.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response = await sync_to_async(self.get_response)(request)
        if not isinstance(response, LateResponse):
            return response
        let_go_of_request_thread()
        try:
            await response.settle()
        except ParleyError as error:
            error.mark(response)
            response.become_json(body_of(error, request.path))
        except Exception as error:  # noqa: BLE001 - as Django answers whatever a view raises
            return await sync_to_async(response_for_exception)(request, error)
        return response
