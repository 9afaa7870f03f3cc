"""What a stored password is made with."""

from argon2 import extract_parameters
from django.contrib.auth.hashers import make_password

from accounts.hashers import Argon2idHasher
from tests.conftest import REAL_MEMORY_COST


def test_passwords_are_argon2id_with_46_mib(monkeypatch):
    monkeypatch.setattr(Argon2idHasher, "memory_cost", REAL_MEMORY_COST)
    made = extract_parameters(make_password("correct horse").removeprefix("argon2"))
    assert (made.type.name, made.memory_cost, made.time_cost, made.parallelism) == ("ID", 46 * 1024, 1, 1)
