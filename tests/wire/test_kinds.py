"""What the kinds of agent are sent, the demonstration's answers, and the limits of a call."""

import pytest

from agents.exceptions import SENTENCES, AgentError
from agents.kinds import KINDS, Attached, Call, Said
from agents.kinds.demo import answer
from agents.kinds.http import MASK, endpoint, masked, masked_beginning
from agents.limits import Clock, Limits


def test_an_openai_agent_is_asked_for_a_stream():
    request = KINDS["openai"].request(
        Call(
            kind="openai",
            url="https://example.org/v1",
            token="t",
            system_prompt="Be brief.",
            config={"model": "m", "temperature": 0.2, "tools": ["nothing of the agent's own"]},
            messages=[Said("user", "Hi", "2026-01-01T00:00:00Z")],
        )
    )
    assert request.url == "https://example.org/v1/chat/completions"
    assert request.headers["Authorization"] == "Bearer t"
    assert request.json == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.2,
    }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a/v1", "https://a/v1/chat/completions"),
        ("https://a/v1/", "https://a/v1/chat/completions"),
        ("https://a/v1/chat/completions", "https://a/v1/chat/completions"),
        ("https://a/x/chat/completions?v=1", "https://a/x/chat/completions?v=1"),
        ("https://a/x?v=1", "https://a/x/chat/completions?v=1"),
    ],
)
def test_the_endpoint_follows_from_the_base(url, expected):
    assert endpoint(url, "/chat/completions") == expected


@pytest.mark.parametrize("token", ["a\nb", "a\r", "a\0b", "é"])
def test_a_token_that_is_no_header_is_refused(token):
    for kind in ("webhook", "openai"):
        with pytest.raises(AgentError) as error:
            KINDS[kind].request(Call(kind=kind, url="https://a/", token=token))
        assert error.value.code == "agent_auth"


BASIC = {"auth_kind": "basic", "auth_name": "Ann"}


@pytest.mark.parametrize(
    ("call", "text", "shown"),
    [
        ({"token": "sk-1234567890"}, "No sk-1234567890 here, sk-1234567890.", "No •••• here, ••••."),
        ({"token": "sk-1234567890"}, "It was cut: Bearer sk-12345678", "It was cut: Bearer ••••"),
        ({"token": "sk-1234567890"}, "sk-123 is no secret", "sk-123 is no secret"),
        ({"token": "s&c/r e"}, "Wrong: ?key=s%26c%2Fr%20e", "Wrong: ?key=••••"),
        ({"token": 's"cr\\et'}, r'{"token": "s\"cr\\et"}', '{"token": "••••"}'),
        ({"token": "secret", **BASIC}, "Basic QW5uOnNlY3JldA== or secret", "Basic •••• or ••••"),
        ({"token": "xyz", **BASIC}, "Basic QW5uOnh5eg== of xyz", "Basic •••• of xyz"),
        ({"token": "sk-12345678"}, "sk-12345sk-12345678sk-1234sk-123456", "••••••••sk-1234••••"),
        ({"token": "abcabcabcabd"}, "abcabcabcabcabcabcabd", "••••c••••d"),
        ({"token": "aaaaaaaaaaaa"}, "a" * 12 + "b" + "a" * 30 + "c" + "a" * 7, "••••b••••••••aaaaaacaaaaaaa"),
        ({"token": "key"}, "the key", "the key"),
        ({}, "nothing", "nothing"),
    ],
)
def test_what_an_agent_repeats_of_its_secret_is_masked(call, text, shown):
    assert masked(text, Call(kind="webhook", **call)) == shown


class Weighed(str):
    """A text that counts what is copied out of it."""

    copied = 0

    def __getitem__(self, at):
        return self.weighed(super().__getitem__(at))

    def partition(self, mark):
        return tuple(self.weighed(piece) for piece in super().partition(mark))

    def weighed(self, piece):
        Weighed.copied += len(piece)
        return Weighed(piece)


def test_to_mask_a_text_full_of_beginnings_copies_it_a_few_times_at_most():
    text = Weighed("abcdefgh" * 2000)
    Weighed.copied = 0
    assert masked(text, Call(kind="webhook", token="abcdefghijkl")) == MASK * 2000
    assert Weighed.copied <= 3 * len(text)


@pytest.mark.parametrize("token", ["sk-canary-4711", "pass", 's"cr /&'])
def test_of_a_long_text_the_beginning_is_masked_as_the_whole_would_be(token):
    call = Call(kind="webhook", token=token, **BASIC)
    for text in (f"{'x' * 30}{token}{'y' * 90}", token * 50, f"x{token}" * 50, "x" * 300, f"x{token}"):
        whole = masked(text, call)
        for most in range(1, 120):
            shown = masked_beginning(text, call, most)
            assert whole.replace(MASK, "").startswith(shown.replace("•", "")), (text, most)
            assert len(shown) <= most
    assert masked_beginning("x" * 500, call, 300) == "x" * 300
    text = Weighed("x" * 10_000)
    Weighed.copied = 0
    masked_beginning(text, call, 100)
    assert Weighed.copied < 1000


@pytest.mark.parametrize(
    "fields",
    [
        {"user_agent": "a\r\nX-Evil: 1"},
        {"auth_kind": "header", "auth_name": "X\r\nX-Evil", "token": "t"},
        {"auth_kind": "header", "auth_name": "X-Key", "token": "t\r\nX-Evil: 1"},
    ],
)
def test_a_header_that_could_not_be_sent_is_refused(fields):
    for kind in KINDS.keys() - {"demo"}:
        with pytest.raises(AgentError) as error:
            KINDS[kind].request(Call(kind=kind, url="https://a/", **fields))
        assert error.value.code == "agent_auth"


def test_secrets_do_not_show():
    assert "s3cret" not in repr(Call(kind="webhook", token="s3cret"))
    assert "s3cret" not in repr(KINDS["webhook"].request(Call(kind="webhook", token="s3cret")))


def ask_demo(content):
    return answer(Call(kind="demo", messages=[Said("user", content)]))


def test_the_demonstration_has_a_bit_of_everything():
    text = ask_demo("How are you?")
    for mark in ("## ", "| measure |", "```python", "1. ", "> How are you?"):
        assert mark in text
    assert "| words | 3 |" in text
    assert text != ask_demo("And now?")


def test_the_demonstration_counts_files():
    file = Attached("cat.png", "image/png", b"")
    said = [Said("user", "Look", attachments=(file, file))]
    assert "| files with it | 2 |" in answer(Call(kind="demo", messages=said))
    assert "| files with it | 0 |" in ask_demo("Look")


def test_the_demonstration_quotes_safely():
    text = ask_demo("<b>x</b> `a` | ![](http://evil)\n# y {0} ") + ask_demo("")
    assert "<b>" not in text
    assert "![](" not in text
    assert "\n# y" not in text


def test_limits_are_checked():
    assert Limits.from_mapping({}) == Limits()
    assert Limits.from_mapping({"idle": 3, "text_bytes": 10}) == Limits(idle=3, text_bytes=10)
    assert Limits.from_mapping({"body_bytes": 2**30}).body_bytes == 2**30
    for wrong in (
        {"idel": 3}, {"idle": 0}, {"idle": -1}, {"idle": "3"}, {"idle": True}, {"idle": None},
        {"idle": float("nan")}, {"idle": float("inf")}, {"text_bytes": 1.5},
        {"total": 3601}, {"event_bytes": 10**9}, {"text_bytes": 17 * 2**20}, {"body_bytes": 2**30 + 1},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"limit.*\."):
            Limits.from_mapping(wrong)


def test_every_code_has_a_sentence():
    for code, sentence in SENTENCES.items():
        assert code.startswith("agent_")
        assert sentence.endswith(".")
        assert AgentError(code).public_code == ("AGENT_UNREACHABLE" if "blocked" in code else code.upper())


async def test_a_limit_of_time_holds_though_nothing_is_waited_for():
    clock = Clock(Limits(total=0.05))

    async def at_once():
        return b"flood"

    async def flood():
        for _ in range(1_000_000):
            await clock.within(at_once())

    with pytest.raises(AgentError) as error:
        await flood()
    assert error.value.code == "agent_timeout"
