"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass, one lane: the OWASP alternative that many parallel sign-ins survive."""

    time_cost = 1
    memory_cost = 46 * 1024
    parallelism = 1
