"""Pictures of agents: taken by their content, made small, refused in the common form."""

import base64
import struct
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from agents import actions
from tenants import pictures
from tenants.scope import tenant_scope
from tests.factories import AgentFactory

TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


@pytest.fixture
def agent(cast):
    return AgentFactory(team=cast.team)


def picture(kind="PNG", size=(40, 20), mode="RGB", **options):
    out = BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(out, kind, **options)
    return out.getvalue()


def png_header(width, height):
    """A PNG that says how large it is and has nothing in it."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b""))]
    chunks = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in [*parts, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def upload(client, agent, content, name="a.png", media_type="image/png"):
    file = SimpleUploadedFile(name, content, content_type=media_type)
    return client.post(f"/api/agents/{agent.id}/avatar", {"file": file})


def opened(data_uri):
    return Image.open(BytesIO(base64.b64decode(data_uri.partition(",")[2])))


@pytest.mark.parametrize("kind", TYPES)
def test_a_picture_becomes_a_small_data_uri_of_its_own_kind(admin, agent, kind):
    answer = upload(admin, agent, picture(kind, (1200, 600)), name="a.exe", media_type="text/plain")
    assert answer.status_code == 200, answer.json()
    avatar = answer.json()["avatar"]
    assert avatar.startswith(f"data:{TYPES[kind]};base64,")
    assert (opened(avatar).format, opened(avatar).size) == (kind, (256, 128))
    assert len(avatar) < 120_000
    assert admin.get(f"/api/agents/{agent.id}").json()["avatar"] == avatar


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_is_taken(admin, agent, mode):
    assert upload(admin, agent, picture(mode=mode)).status_code == 200


def test_a_printers_jpeg_is_taken(admin, agent):
    assert upload(admin, agent, picture("JPEG", mode="CMYK")).status_code == 200


def test_transparency_is_kept(admin, agent):
    out = BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")
    avatar = upload(admin, agent, out.getvalue()).json()["avatar"]
    assert opened(avatar).convert("RGBA").getpixel((5, 5))[3] == 0


def test_an_animation_keeps_its_first_frame(admin, agent):
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    shown = opened(upload(admin, agent, out.getvalue()).json()["avatar"])
    assert getattr(shown, "n_frames", 1) == 1
    assert shown.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_a_photograph_stands_upright_and_does_not_say_where_it_was_taken(admin, agent):
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010F] = "Camera"
    content = picture("JPEG", (40, 20), exif=exif, comment=b"secret place")
    shown = opened(upload(admin, agent, content).json()["avatar"])
    assert shown.size == (20, 40)
    assert not shown.getexif()
    assert "comment" not in shown.info


def test_code_behind_the_end_is_not_kept(admin, agent):
    avatar = upload(admin, agent, picture() + b"<script>alert(1)</script>").json()["avatar"]
    assert b"<script>" not in base64.b64decode(avatar.partition(",")[2])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        picture()[:60],
        picture("JPEG")[:300],
        picture("WEBP")[:30],
        picture("BMP"),
        picture("TIFF"),
        picture("ICO"),
        png_header(30_000, 30_000),
        png_header(6_000, 6_000),
        png_header(0, 0),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_picture_of_ours_is_refused_whatever_it_is_called(admin, agent, content):
    answer = upload(admin, agent, content)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "VALIDATION_ERROR"
    assert list(answer.json()["errors"]) == ["file"]


def test_a_picture_over_two_megabytes_is_refused(admin, agent, settings):
    content = picture()
    exact = content + b"\0" * (settings.MAX_AVATAR_BYTES - len(content))
    assert upload(admin, agent, exact).status_code == 200
    for larger in (exact + b"\0", exact * 5):
        answer = upload(admin, agent, larger)
        assert answer.status_code == 413
        assert answer.json()["error_code"] == "TOO_LARGE"


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"", "multipart/form-data", 400),
        (b"", "multipart/form-data; boundary=x", 400),
        (b"garbage", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 400),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--',
            "multipart/form-data; boundary=x",
            400,
        ),
        (b"--x--", "multipart/form-data; boundary=" + "x" * 500, 415),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2000 + b"--x--",
            "multipart/form-data; boundary=x",
            400,
        ),
        (b"{}", "application/json", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_bad_form_is_refused_in_the_common_form(admin, agent, body, media_type, status):
    answer = admin.generic("POST", f"/api/agents/{agent.id}/avatar", body, content_type=media_type)
    assert answer.status_code == status, answer.content
    assert set(answer.json()) <= {"detail", "error_code", "errors"}


def test_an_avatar_can_be_sent_back_replaced_and_removed_as_json(admin, agent):
    def put(avatar):
        return admin.put(f"/api/agents/{agent.id}", {"avatar": avatar}, content_type="application/json")

    avatar = upload(admin, agent, picture()).json()["avatar"]
    assert put(avatar).json()["avatar"] == avatar
    other = "data:image/png;base64," + base64.b64encode(picture(size=(600, 600))).decode()
    assert opened(put(other).json()["avatar"]).size == (256, 256)
    assert put(None).json()["avatar"] is None


@pytest.mark.django_db(transaction=True)
def test_no_writer_waits_while_a_picture_is_drawn(cast, agent, monkeypatch):
    drawn_in_transaction = []

    def redrawn(content):
        drawn_in_transaction.append(connection.in_atomic_block)
        return draw(content)

    draw = pictures.redrawn
    monkeypatch.setattr(pictures, "redrawn", redrawn)
    sent = "data:image/png;base64," + base64.b64encode(picture(size=(600, 600))).decode()
    with tenant_scope(cast.team.id):
        changed = actions.update_agent(agent=agent, changed_by=cast.admin, avatar=sent)
    assert (opened(changed.avatar).size, drawn_in_transaction) == ((256, 256), [False])
