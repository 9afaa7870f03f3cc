"""Who asks for agents; nothing here is about passwords, so they are hashed quickly."""

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin(cast, client_of):
    return client_of(cast.admin)


@pytest.fixture
def member(cast, client_of):
    return client_of(cast.owner)
