"""Every variable that the settings read is explained in .env.example, and nothing else is."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter

from django.conf import settings

EXAMPLE = (settings.BASE_DIR / ".env.example").read_text()
VARIABLE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def variables_read():
    """Return the first argument of every `read.something("NAME", …)` in the settings, in order."""
    tree = ast.parse((settings.BASE_DIR / "config" / "settings.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "read"
        and node.func.attr not in {"derive", "kept_secret"}  # these read no variable
    ]
    return [call.args[0].value for call in calls]


def explained():
    return [name for name, _ in VARIABLE.findall(EXAMPLE)]


def test_the_settings_read_the_environment_through_one_door():
    source = (settings.BASE_DIR / "config" / "settings.py").read_text()
    assert not re.search(r"\b(environ|getenv)\b", source)
    assert len(variables_read()) > 30


def test_every_variable_read_is_explained_once_and_nothing_else_is():
    assert Counter(explained()) == Counter(set(variables_read()))


def test_each_variable_has_one_line_that_says_what_it_does():
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        if VARIABLE.match(line):
            assert re.match(r"^# .{10,}\.$", lines[number - 1]), line
            assert not lines[number - 2].startswith("# "), f"{line} has more than one line"


def test_the_values_shown_start_and_are_the_defaults(tmp_path):
    shown = {name: value for name, value in VARIABLE.findall(EXAMPLE) if value and name != "DATA_DIR"}
    # Left out: the default of ALLOWED_HOSTS names HOST once more, and DATABASES names the process in tests.
    program = (
        "from config import settings as s;"
        "print({n: getattr(s, n) for n in dir(s) if n.isupper() and n not in ('ALLOWED_HOSTS', 'DATABASES')})"
    )

    def settings_under(variables):
        bare = {name: value for name, value in os.environ.items() if name not in explained()}
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=settings.BASE_DIR,
            env={**bare, **variables, "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert settings_under(shown) == settings_under({})
