"""A file that came with a message, as it is handed out: to look at if it is a picture, else to keep."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import content_disposition_header

from chats.models import Attachment

# Whatever a file may pretend to be to a browser, it runs nothing and fetches nothing.
POLICY = "sandbox; default-src 'none'"


def file_response(request: HttpRequest, attachment: Attachment) -> HttpResponseBase:
    """Answer with a file's bytes; a browser may keep them, and asks each time whether they may still be shown."""
    etag = f'"{attachment.id.hex}"'  # a file never changes
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(bytes(attachment.data), content_type=attachment.media_type)
        response["ETag"] = etag
        disposition = content_disposition_header(as_attachment=not attachment.is_image, filename=attachment.name)
        response["Content-Disposition"] = disposition or "inline"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization", "Cookie", "X-API-Key"])
    return response
