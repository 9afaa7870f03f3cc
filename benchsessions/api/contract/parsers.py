"""JSON of whole sessions, large and strict: what is refused is seen before anything of it is read."""

from collections import Counter
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings

from benchsessions.shape import check_shape
from tenants.api.parsers import StrictJSONParser, decode


class BenchJSONParser(StrictJSONParser):
    """Parse a body of many questions and answers; characters are looked at by whoever knows where they stand."""

    @property
    def limit(self) -> int:
        return int(settings.MAX_BENCH_BODY_BYTES)

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = self.read(stream)
        check_shape(body, self.limit)
        return decode(body, pairs=_object_of)


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        [(twice, _n)] = Counter(name for name, _value in pairs).most_common(1)
        raise ValueError(f"the key {twice[:70]!a} stands twice in one object")
    return made
