"""How large JSON is written for the database."""

import json
from typing import Any


class PlainEncoder(json.JSONEncoder):
    r"""Write letters as they are: a Russian text of `\u0441` takes thrice the room, and psycopg long to quote."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})
