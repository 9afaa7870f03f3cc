"""How passwords are hashed."""

import os
from threading import BoundedSemaphore
from typing import Final

from django.contrib.auth.hashers import Argon2PasswordHasher

# Longer ones would only cost time.
MAX_PASSWORD_CHARS: Final = 1024
# Each hash fills its memory at once; more of them side by side than this would be no faster.
_lanes = BoundedSemaphore(2 * (os.cpu_count() or 1))


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass, one lane: the OWASP alternative that many parallel sign-ins survive."""

    time_cost = 1
    memory_cost = 46 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _lanes:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _lanes:
            return super().verify(password, encoded)
