"""A wrong variable stops the start with one sentence; an empty one is one that is not set."""

import os
import subprocess
import sys

import pytest

from tests.servers import ROOT

WRONG = {
    "PORT": ("x", "PORT must be a whole number, not 'x'."),
    "DATABASE_URL": ("mysql://x/y", "DATABASE_URL must begin with sqlite:// or postgres://."),
    "DEBUG": ("maybe", "DEBUG must be on or off, not 'maybe'."),
    "ENVIRONMENT": ("test", "ENVIRONMENT must be one of development, production, not 'test'."),
    "RUN_LEASE_SECONDS": (
        "3",
        "RUN_LEASE_SECONDS must be at least twice RUN_SNAPSHOT_SECONDS, which renews the lease.",
    ),
    "EMAIL_URL": (
        "smtp://me:my-password@host:port",
        "EMAIL_URL must be consolemail:// or like smtp+tls://user:password@host:587.",
    ),
    "STACK_AUTH_TEAM": ("ours", "STACK_AUTH_PROJECT_ID and STACK_AUTH_TEAM must be set together."),
    "STACK_AUTH_JWKS_URL": (
        "http://keys.example.org/jwks.json",
        "STACK_AUTH_JWKS_URL must begin with https://, not 'http://keys.example.org/jwks.json'.",
    ),
    "AGENT_ALLOWED_CIDRS": (
        "300.0.0.0/8",
        "AGENT_ALLOWED_CIDRS must be networks like 10.0.0.0/8, with commas between, not '300.0.0.0/8'.",
    ),
    "AGENT_ALLOWED_HOSTS": (
        "n8n",
        "AGENT_ALLOWED_HOSTS must be a list of host:port, with commas between, not 'n8n'.",
    ),
}


def start(folder, **env):
    """Run the cheapest command that reads the settings."""
    known = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder)}
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env={**known, **env}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_variable_is_one_sentence(tmp_path, name):
    value, sentence = WRONG[name]
    done = start(tmp_path, **{name: value})
    assert (done.returncode, done.stderr) == (1, f"Parley cannot start: {sentence}\n")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    occupied = tmp_path / "file"
    occupied.touch()
    done = start(occupied / "data")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be written to" in done.stderr


def test_production_needs_a_secret_of_its_own(tmp_path):
    done = start(tmp_path, ENVIRONMENT="production")
    assert (done.returncode, done.stderr) == (
        1,
        "Parley cannot start: SECRET_KEY must be set to at least 40 random characters in production.\n",
    )
    done = start(tmp_path, ENVIRONMENT="production", SECRET_KEY="s" * 50, DEBUG="on")
    assert done.stderr == "Parley cannot start: DEBUG must be off when ENVIRONMENT is production.\n"


def test_empty_variables_are_variables_that_are_not_set(tmp_path):
    names = ("SECRET_KEY", "FIELD_KEYS", "TOKEN_PEPPER", "JWT_SIGNING_KEY", "DATABASE_URL", "REDIS_URL", "PORT")
    done = start(tmp_path, **dict.fromkeys(names, ""))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("::1", "http://[::1]:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::", "http://[::1]:8123"),
        ("parley.local", "http://parley.local:8123"),
    ],
)
def test_links_lead_to_an_address_that_can_be_opened(tmp_path, host, address):
    program = "from config.settings import ALLOWED_HOSTS, BASE_URL; print(BASE_URL, *ALLOWED_HOSTS)"
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "HOST": host, "PORT": "8123"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    base, *allowed = done.stdout.split()
    assert base == address
    assert address.removeprefix("http://").removesuffix(":8123") in allowed
