"""A dump of the database, taken from a server that has seen every kind of secret, holds none that could be used."""

import base64
import hashlib
import os
import re
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.services.postgres import POSTGRES
from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.servers import Server, start_server

pytestmark = pytest.mark.processes
PASSWORD = "Mx7-a-password-of-the-dump-test"
TYPED_FOR_AN_EMAIL = "zq4-typed-into-the-wrong-field@nowhere.example"
LINK_PASSWORD = "bW3-a-password-of-a-link"
AGENT_TOKEN = "kV9-token-of-the-agents-webhook"
PIECE = 12
SESSION_DATA = re.compile(rb"\.(eJ[\w-]+):[\w-]+:[\w-]+")


class Scene:
    """A server, what it was told in confidence, and what of it must be found again."""

    def __init__(self, server: Server, mails: Path) -> None:
        self.server, self.mails = server, mails
        self.secrets: dict[str, str] = {"the agent's token": AGENT_TOKEN, "the password": PASSWORD}
        self.marks: dict[str, str] = {}

    def keep(self, name: str, secret: str, *, opens: httpx.Response) -> None:
        """Note a secret that has just opened something."""
        assert opens.status_code in {200, 201, 302, 409}, (name, opens.text)
        self.secrets[name] = secret

    def mailed(self, pattern: str) -> str:
        """Wait for a mail with a link; return the link's part that matches."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for mail in self.mails.glob("*"):
                if found := re.search(pattern, mail.read_text()):
                    return found[1]
            time.sleep(0.05)
        raise AssertionError("The mail did not come in time.")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, bytes]]:
    """The scene, and the dump taken while the server still runs."""
    folder = tmp_path_factory.mktemp("dump")
    mails = folder / "mails"
    mails.mkdir()
    with start_server(folder, EMAIL_URL=f"filemail:///{mails}") as server:
        scene = Scene(server, mails)
        demo = server.demo
        page = people(scene, demo)
        clients(scene, demo)
        keys(scene, demo)
        links(scene, demo, page)
        rooms(scene, demo)
        page.close()
        yield scene, dump(folder, server.env.get("DATABASE_URL"))


def people(scene: Scene, demo: dict[str, Any]) -> httpx.Client:
    """Sign in on the pages and choose a password; return the browser."""
    page = httpx.Client(base_url=scene.server.base_url, timeout=30)
    page.get("/sign-in")
    wrong = {"email": TYPED_FOR_AN_EMAIL, "password": "wrong"}
    assert submit(page, "/sign-in", **wrong).status_code == 200
    assert submit(page, "/sign-in", email=demo["admin"]["email"], password=demo["admin"]["password"]).is_redirect
    earlier = page.cookies["sessionid"]
    new = {"password": PASSWORD, "repeated": PASSWORD, "present": demo["admin"]["password"]}
    assert submit(page, "/profile", save="password", **new).is_redirect
    scene.secrets["the page session before"] = earlier
    scene.keep("the page session", page.cookies["sessionid"], opens=page.get("/profile"))
    return page


def submit(page: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return page.post(path, data={**fields, "csrfmiddlewaretoken": page.cookies["csrftoken"]})


def clients(scene: Scene, demo: dict[str, Any]) -> None:
    """Sign an API client in, renew its tokens, and let it write."""
    with Person(scene.server, demo["admin"]["email"], PASSWORD) as admin:
        first = admin.cookies["refresh_token"]
        renewed = admin.post("/api/auth/refresh")
        scene.keep("the first refresh token", first.rpartition(".")[2], opens=renewed)
        scene.keep("the refresh token", admin.cookies["refresh_token"].rpartition(".")[2], opens=renewed)
        me = admin.get("/api/auth/me")
        scene.keep("the access token", admin.cookies["access_token"].rpartition(".")[2], opens=me)
        agent = add_agent(admin, "https://agent.example/hook", name="Agent of the dump", webhook_token=AGENT_TOKEN)
        assert admin.get(f"/api/agents/{agent}").status_code == 200
    scene.marks = {"the e-mail": demo["admin"]["email"], "the agent's name": "Agent of the dump"}


def keys(scene: Scene, demo: dict[str, Any]) -> None:
    """Make a key of each kind and use it."""
    url = scene.server.base_url
    with Person(scene.server, demo["admin"]["email"], PASSWORD) as admin:
        key = admin.post("/v1/auth/api-keys", json={"name": "Key of the dump"}).json()["api_key"]
    me = httpx.get(f"{url}/api/auth/me", headers={"X-API-Key": key})
    scene.keep("the key", secret_of(key), opens=me)
    words = ("apikey", "create", "--team", demo["team"]["slug"], "--scope", "users:sync")
    service = scene.server.manage(*words).strip()
    person = {"user_id": "4711", "email": "synced@demo.example", "email_verified": True}
    synced = httpx.post(f"{url}/v1/auth/sync-oauth-user", json=person, headers={"X-API-Key": service})
    scene.keep("the service key", secret_of(service), opens=synced)
    session = synced.json()["api_key"]
    me = httpx.get(f"{url}/api/auth/me", headers={"Authorization": f"Bearer {session}"})
    scene.keep("the session key", secret_of(session), opens=me)
    scene.marks |= {
        "the key's beginning": key[:15],
        "the service key's": service[:15],
        "the session key's": session[:15],
    }


def secret_of(key: str) -> str:
    """Return what of a key nobody else may know: not its beginning, which is shown, nor the team at its end."""
    return key[15:50]


def links(scene: Scene, demo: dict[str, Any], page: httpx.Client) -> None:
    """Invite somebody, and have a password reset; both links are opened, neither is used up."""
    url = scene.server.base_url
    shown = submit(page, "/members", email="invited@demo.example", role="user").text
    token = re.search(r"/join/([\w.]+)", shown)
    assert token is not None
    scene.keep("the invitation", token[1].rpartition(".")[2], opens=httpx.get(f"{url}/join/{token[1]}"))
    stranger = httpx.Client(base_url=url, timeout=30)
    stranger.get("/sign-in")
    assert submit(stranger, "/reset-password", email=demo["user"]["email"]).status_code == 200
    path = scene.mailed(r"(/reset-password/[\w.]+/[\w-]+)")
    scene.keep("the reset", path.rpartition("-")[2], opens=stranger.get(path))
    stranger.close()
    scene.marks["the invited"] = "invited@demo.example"


def rooms(scene: Scene, demo: dict[str, Any]) -> None:
    """Share a chat by a link with a password, and come in by it."""
    with Person(scene.server, demo["admin"]["email"], PASSWORD) as admin:
        agent = admin.get("/api/agents").json()[0]["id"]
        chat = admin.post("/api/chats", json={"agent_id": agent}).json()["id"]
        link = {"title": "Link of the dump", "password": LINK_PASSWORD}
        token = admin.post(f"/mid/sessions/{chat}/share", json=link).json()["share_token"]
    with httpx.Client(base_url=f"{scene.server.base_url}/mid/share/{token}", timeout=30) as visitor:
        joined = visitor.post("join", json={"password": LINK_PASSWORD, "display_name": "Visitor of the dump"})
        scene.keep("the link", token, opens=joined)
        scene.keep("the link's password", LINK_PASSWORD, opens=joined)
        scene.keep("the visitor's token", joined.json()["participant_token"], opens=visitor.post("heartbeat"))
    scene.marks |= {"the link's title": "Link of the dump", "the visitor": "Visitor of the dump"}


def dump(folder: Path, database: str | None) -> bytes:
    """Return all that somebody with a copy of the database has, also what its sessions hold packed."""
    if database:
        words = [POSTGRES.locate() / "pg_dump", f"--dbname={database}", "--no-owner"]
        copy = subprocess.run(words, check=True, capture_output=True, env={"PATH": os.environ["PATH"]}).stdout
    else:
        files = sorted(folder.glob("parley.sqlite3*"))
        assert [file.suffix for file in files][:1] == [".sqlite3"]
        copy = b"".join(file.read_bytes() for file in files)
    packed = SESSION_DATA.findall(copy)
    assert packed
    return copy + b"".join(zlib.decompress(base64.urlsafe_b64decode(data + b"==")) for data in packed)


def pieces(secret: str) -> list[bytes]:
    """Return overlapping pieces of a secret, so that one that was cut or wrapped is found too."""
    text = secret.encode()
    return [text[start : start + PIECE] for start in range(0, len(text) - PIECE + 1, 3)]


def disguises(secret: str) -> list[bytes]:
    """Return the forms in which a secret could be read back or tried out by anybody."""
    text = secret.encode()
    shown = [
        text.hex(),
        base64.b64encode(text).decode().rstrip("="),
        base64.urlsafe_b64encode(text).decode().rstrip("="),
    ]
    hashed = [hashlib.new(name, text).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")]
    return [form.encode() for form in (*shown, *hashed)]


def test_what_must_stand_in_the_dump_is_found(scene: tuple[Scene, bytes]) -> None:
    """Else the search below would prove nothing."""
    found, copy = scene
    assert {name for name, mark in found.marks.items() if mark.encode() not in copy} == set()
    assert b"_auth_user_id" in copy  # out of a packed session
    assert b"argon2" in copy


def test_no_secret_stands_in_the_dump(scene: tuple[Scene, bytes]) -> None:
    seen, copy = scene
    assert len(seen.secrets) == 15
    assert all(len(secret) > PIECE for secret in seen.secrets.values())
    lower = copy.lower()
    found = {
        name
        for name, secret in seen.secrets.items()
        if any(piece in copy for piece in pieces(secret)) or any(form.lower() in lower for form in disguises(secret))
    }
    assert found == set()


def test_neither_do_the_keys_of_the_installation_nor_what_was_typed_by_mistake(scene: tuple[Scene, bytes]) -> None:
    seen, copy = scene
    installation = (Path(seen.server.env["DATA_DIR"]) / "secret.key").read_text().strip()
    assert len(installation) > PIECE
    assert not any(piece in copy for piece in (*pieces(installation), *pieces(TYPED_FOR_AN_EMAIL)))
