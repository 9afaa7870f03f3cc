"""Which version of something a client means to change."""

import re
from typing import Final

from rest_framework.request import Request

from benchsessions.exceptions import VersionRequired
from tenants.numbers import NUMBER

TAG: Final = re.compile(rf'"({NUMBER.pattern})"')
NEVER: Final = -1


def expected_version(request: Request) -> int | None:
    """Return the version in `If-Match`, None for `*`; raise `VersionRequired` where there is none.

    What is no version of ours, a weak one or several of them, matches nothing.
    """
    sent: str = request.headers.get("If-Match", "").strip()
    if not sent:
        raise VersionRequired()
    if sent == "*":
        return None
    tag = TAG.fullmatch(sent)
    return int(tag[1]) if tag else NEVER
