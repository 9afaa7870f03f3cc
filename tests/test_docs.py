"""What the documents and the image say is true of the code beside them."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps

from agents.exceptions import SENTENCES
from tenants.exceptions import ParleyError
from tests.homes import ROOT

CODES = {code.upper() for code in SENTENCES} - {"AGENT_BLOCKED_ADDRESS"}  # which only an owner reads, in words
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [
    line for line in re.sub(r"\\\n", " ", DOCKERFILE).splitlines() if line.strip() and not line.startswith("#")
]


def read(path):
    return (ROOT / path).read_text()


@pytest.mark.parametrize("requirements", ["requirements.in", "requirements-dev.in"])
def test_every_dependency_has_its_reason(requirements):
    wanted = {
        re.split(r"[\[~=<>! ]", line, maxsplit=1)[0] for line in read(requirements).splitlines() if line[:1].isalnum()
    }
    explained = re.findall(r"^\| `([\w.-]+)` \| .{10,} \|$", read("docs/decisions/libraries.md"), re.MULTILINE)
    assert wanted - set(explained) == set()
    assert len(explained) == len(set(explained))


def test_no_reason_outlives_its_dependency():
    wanted = set(re.findall(r"^([\w.-]+)", read("requirements.in") + read("requirements-dev.in"), re.MULTILINE))
    explained = re.findall(r"^\| `([\w.-]+)` \|", read("docs/decisions/libraries.md"), re.MULTILINE)
    assert set(explained) - wanted == set()


def test_every_make_target_is_explained():
    targets = re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE)
    text = read("README.md") + read("CONTRIBUTING.md")
    assert [target for target in targets if f"`make {target}" not in text] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        target, _, place = link.partition("#")
        if re.match(r"https?:", target):
            continue
        found = document.parent / target if target else document
        assert found.exists(), link
        assert not place or place in headings(found), link


def headings(document: Path):
    """Return the anchors that a Markdown page gets from its headings."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_map_shows_every_app():
    readme = read("README.md")
    own = {config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    assert own >= {"tenants", "accounts", "agents", "chats"}
    assert [name for name in sorted(own) if not re.search(rf"^\| `{name}/` \|", readme, re.MULTILINE)] == []


def test_the_import_order_told_is_the_one_checked():
    layers = ast.literal_eval(re.search(r"^layers = (.+)$", read("pyproject.toml"), re.MULTILINE)[1])
    order = re.compile(r"\s+→\s+".join(layers))
    assert order.search(read("docs/architecture.md"))
    assert order.search(read("CONTRIBUTING.md"))


def test_the_codes_of_failures_are_all_told():
    told = set(re.findall(r"`(AGENT_[A-Z_]+)`", read("docs/agents.md")))
    assert told == CODES


def codes_of_refusals(kind=ParleyError):
    return {kind.code}.union(*(codes_of_refusals(refusal) for refusal in kind.__subclasses__()))


def test_the_documents_name_settings_and_refusals_that_exist():
    settings = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", read(".env.example"), re.MULTILINE))
    known = settings | CODES | codes_of_refusals()
    prefixes = (
        "AGENT_",
        "LOGIN_",
        "RUN_",
        "SECURE_",
        "MAX_",
        "REFRESH_",
        "SHUTDOWN_",
        "DATABASE_",
        "TRUSTED_",
        "SHARE_",
    )
    said = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"`([A-Z][A-Z0-9_]+)(?:=[^`]*)?`", document.read_text())
        if name.startswith(prefixes)
    }
    assert said - known == set()


def test_pictures_are_small():
    pictures = list((ROOT / "docs" / "img").iterdir())
    assert pictures
    assert all(picture.stat().st_size < 300_000 for picture in pictures)


# The image


def test_the_image_runs_without_rights():
    users = [line.split()[1] for line in INSTRUCTIONS if line.startswith("USER ")]
    assert users
    assert users[-1] not in {"root", "0"}
    final = "\n".join(INSTRUCTIONS[max(n for n, line in enumerate(INSTRUCTIONS) if line.startswith("FROM ")) :])
    assert final.index("USER ") < final.index("\nCMD ")


def test_what_the_image_copies_is_there():
    stages = set(re.findall(r"^FROM .+ AS (\w+)$", DOCKERFILE, re.MULTILINE))
    for line in INSTRUCTIONS:
        if not line.startswith("COPY "):
            continue
        *sources, _ = [word for word in line.split()[1:] if not word.startswith("--")]
        if stage := re.search(r"--from=(\w+)", line):
            assert stage[1] in stages
        else:
            assert all((ROOT / source).exists() for source in sources), line
    assert all(re.match(r"FROM python:3\.\d+-slim", line) for line in INSTRUCTIONS if line.startswith("FROM "))


def test_the_image_is_served_as_make_run_serves():
    start = json.loads(re.search(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)[1])[-1]
    assert start == "python manage.py migrate --no-input --verbosity 0 && exec python -m config.serve"
    assert 'become("-m", "config.serve")' in read("scripts/run.py")
    assert "python -m config.serve\n" in read("docs/operations.md")


def test_the_commands_of_the_image_are_sound():
    for command in re.findall(r"CMD (\[.+\])$", DOCKERFILE, re.MULTILINE):
        program, flag, text = json.loads(command)
        assert flag == "-c"
        if program == "python":
            ast.parse(text)
        else:
            subprocess.run([program, "-nc", text], check=True)


def test_settings_of_image_and_compose_exist():
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", read(".env.example"), re.MULTILINE))
    env = " ".join(line for line in INSTRUCTIONS if line.startswith("ENV "))
    of_others = ("PATH", "PYTHON", "PIP_")
    ours = {name for name in re.findall(r"\b([A-Z][A-Z0-9_]+)=", env) if not name.startswith(of_others)}
    app = read("compose.yaml").partition("  db:")[0]
    ours |= set(re.findall(r"^      ([A-Z][A-Z0-9_]+):", app, re.MULTILINE))
    assert len(ours) > 6
    assert ours - known == set()
