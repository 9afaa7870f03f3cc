"""Mail: plain text, sent outside of requests."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, ParamSpec

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from tenants.database import give_back_connections

P = ParamSpec("P")
logger = logging.getLogger(__name__)

_post_room = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def in_background(work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Do work that ends in mail without anybody waiting for it; a failure is logged and never shown."""

    def call() -> None:
        try:
            work(*args, **kwargs)
        except Exception:  # whatever fails, there is nobody to tell but the log
            logger.exception("A mail could not be sent.")
        finally:
            give_back_connections()

    _post_room.submit(copy_context().run, call)


def send(*, to: str, template: str, **context: Any) -> None:
    """Send one mail; the first line of its template is the subject. Raises what the mail server says."""
    named = {name: one_line(value) if isinstance(value, str) else value for name, value in context.items()}
    subject, _, body = render_to_string(f"mail/{template}.txt", named).partition("\n")
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(one_line(subject), f"{body.strip()}\n", settings.EMAIL_FROM, [to], headers=headers).send()


def one_line(text: str) -> str:
    """Return a name as it may stand in a header or amid a mail: it begins no line of its own."""
    return " ".join(text.split())
