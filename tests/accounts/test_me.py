"""One's own profile over HTTP."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from accounts.models import User
from tenants.scope import tenant_scope
from tests.accounts.pictures import data_uri, picture

FIELDS = [
    "id",
    "team_id",
    "email",
    "full_name",
    "role",
    "avatar",
    "preferences",
    "is_active",
    "last_login_at",
    "created_at",
]


@pytest.fixture
def owner(cast, client_of):
    return client_of(cast.owner)


def put(client, body):
    return client.put("/api/auth/me", body, content_type="application/json")


def test_me_has_the_fields_of_the_contract(cast, owner):
    answer = owner.get("/api/auth/me")
    assert answer.status_code == 200
    assert list(answer.json()) == FIELDS
    assert answer.json()["id"] == str(cast.owner.id)
    assert answer.json()["last_login_at"].endswith("Z")
    assert answer.json()["created_at"].endswith("Z")


def test_nobody_is_401(db, api):
    for answer in (
        api.get("/api/auth/me"),
        put(api, {}),
        api.get("/api/auth/me", headers={"authorization": "Bearer x"}),
    ):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_part_is_changed_and_the_rest_stays(cast, owner):
    avatar = data_uri(picture())
    assert (
        put(owner, {"full_name": "Ada", "avatar": avatar, "preferences": {"theme": {"dark": True}}}).status_code == 200
    )
    changed = put(owner, {"full_name": "Ada L."}).json()
    assert (changed["full_name"], changed["avatar"], changed["preferences"]) == (
        "Ada L.",
        avatar,
        {"theme": {"dark": True}},
    )
    assert put(owner, {}).json() == changed == owner.get("/api/auth/me").json()
    assert put(owner, {"full_name": None, "preferences": None}).json() == changed
    assert put(owner, {"avatar": None}).json()["avatar"] is None


def test_what_people_may_not_change_is_passed_over(cast, owner):
    before = owner.get("/api/auth/me").json()
    body = {"role": "admin", "email": "x@x.org", "team_id": str(cast.other_team.id), "is_active": False, "id": "x"}
    assert put(owner, body).json() == before


def test_a_change_touches_nobody_else(cast, owner):
    put(owner, {"full_name": "Ada"})
    with tenant_scope(cast.team.id):
        assert list(User.objects.filter(full_name="Ada")) == [cast.owner]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_pictures_type_is_said_by_its_content(owner, kind):
    avatar = put(owner, {"avatar": data_uri(picture(kind), "image/png")}).json()["avatar"]
    assert avatar == data_uri(picture_of(avatar), f"image/{kind.lower()}")


def picture_of(avatar: str) -> bytes:
    return base64.b64decode(avatar.partition(",")[2])


@pytest.mark.parametrize(
    "avatar",
    [
        "",
        "https://evil.example/x.png",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,not base64",
        "data:image/png;base64,A",
        data_uri(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        data_uri(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        data_uri(picture("BMP")),
        data_uri(picture()[:40]),
        data_uri(picture() + b"\x00" * 300_000),
        data_uri(picture(), "text/html"),
        5,
        ["x"],
        {},
        True,
    ],
)
def test_what_is_no_small_picture_is_400(owner, avatar):
    answer = put(owner, {"avatar": avatar})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["avatar"]


def test_a_bomb_is_400(owner):
    out = BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    assert put(owner, {"avatar": data_uri(out.getvalue())}).status_code == 400


@pytest.mark.parametrize("preferences", [[], "x", 5, {"x": "y" * 20_000}])
def test_preferences_are_an_object_of_bearable_size(owner, preferences):
    answer = put(owner, {"preferences": preferences})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["preferences"]
