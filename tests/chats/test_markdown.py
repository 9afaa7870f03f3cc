"""Answers become safe HTML, and their finished blocks can be told while they grow."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chats.markdown import TAGS, finished_blocks, render

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=https://evil.org></iframe>",
    "<form action=https://evil.org><input name=password></form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>body{display:none}</style>",
    "<math><mtext></p><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.org)",
    "[x](/sign-out)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![x" onerror="alert(1)](https://evil.org/a.png "t\\" onload=\\"alert(1)")',
    '[x](https://evil.org "a\\" onmouseover=\\"alert(1)")',
    '[x](https://evil.org/"onmouseover="alert(1))',
    '```" onload=alert(1) x="\ncode\n```',
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|---|\n| <img onerror=alert(1)> |",
    "# <img src=x onerror=alert(1)>",
    "- [ ] <input type=text onfocus=alert(1) autofocus>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "https://evil.org/<script>alert(1)</script>",
    "https://evil.org/'onmouseover='alert(1)",
]
ALLOWED_ATTRIBUTES = {
    *("href", "title", "rel", "target", "class", "tabindex", "data-language"),
    *("start", "type", "checked", "disabled"),
}
markdown_texts = st.lists(
    st.sampled_from(
        [
            *("\n", "\n\n", "\r\n", "\r", " ", "    ", "\t", "- ", "1. ", "2) ", "> ", "# ", "```", "```py", "~~~"),
            *("---", "===", "|", "a|b", "-|-", "a", "word word", "*", "**", "`", "[x](https://a.org)", "<b>"),
            *("\\", "\0", "\ud800", "- [ ] "),
        ]
    ),
    max_size=40,
).map("".join)


class Found(HTMLParser):
    """Collects the tags and attributes of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def assert_harmless(html: str) -> None:
    found = Found(html)
    assert found.tags <= TAGS
    assert not found.tags & {"script", "style", "iframe", "form", "img", "svg", "object", "embed"}
    for name, value in found.attributes:
        assert name in ALLOWED_ATTRIBUTES
        if name == "href":
            assert value.lower().startswith(("http://", "https://", "mailto:"))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_become_text(attack: str) -> None:
    assert_harmless(render(attack))


@given(st.one_of(st.text(), markdown_texts))
@example("\ud800")
@example("\0")
def test_any_text_renders_to_harmless_html(text: str) -> None:
    assert_harmless(render(text))


def test_what_agents_write_is_shown() -> None:
    html = render("# Title\n\n~~old~~ **new**\n\n- [x] done\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n")
    assert "<h3>Title</h3>" in html
    assert "<s>old</s> <strong>new</strong>" in html
    assert 'type="checkbox"' in html
    assert '<td class="right">2</td>' in html


def test_code_is_highlighted_by_classes() -> None:
    html = render("```python\ndef f(): pass\n```")
    assert 'data-language="python"' in html
    assert '<span class="k">def</span>' in html
    assert "style=" not in html


@pytest.mark.parametrize("language", ["", "nosuchlanguage", '"><img src=x>'])
def test_code_of_an_unknown_language_is_plain(language: str) -> None:
    assert "<code>a &lt; b\n</code>" in render(f"```{language}\na < b\n```")


def test_very_long_code_is_not_highlighted() -> None:
    assert "<span" not in render("```python\n" + "x = 1\n" * 20_000 + "```")


def test_links_leave_without_a_trace() -> None:
    html = render("[a](https://a.org) and https://b.org and main.py")
    assert html.count('rel="noopener noreferrer nofollow"') == html.count('target="_blank"') == 2


def test_pictures_become_links() -> None:
    assert '<a href="https://a.org/p.png"' in render("![plan](https://a.org/p.png)")
    linked = render("[![badge](https://a.org/p.svg)](https://b.org)")
    assert linked.count("<a ") == 1
    assert "https://b.org" in linked
    assert "badge" in linked


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("", ""),
        ("half a paragraph", ""),
        ("a paragraph\n", ""),
        ("one\n\ntwo", "one\n\n"),
        ("one\r\n\r\ntwo", "one\r\n\r\n"),
        ("one\r\ntwo", ""),
        ("one\n \t\ntwo", "one\n \t\n"),
        ("# head\n\nmore", "# head\n\n"),
        ("one\n\n- a\n\n", "one\n\n"),
        ("one\n\n- a\n\n- b\n\n  c\n", "one\n\n"),
        ("- a\n\nafter\n\n", "- a\n\nafter\n\n"),
        ("1. a\n   ```\n   x\n\n   y\n", ""),
        ("```\na\n\nb", ""),
        ("```\na\n\nb\n```\n", ""),
        ("```\na\n\nb\n```\n\n", "```\na\n\nb\n```\n\n"),
        ("```\n~~~\n\n", ""),
        ("~~~\n\n    ~~~\n\n", ""),
        ("> ```\n> a\n\nb", "> ```\n> a\n\n"),
        ("    code\n\n", ""),
        ("|a|\n|-|\n|1|\n\n", "|a|\n|-|\n|1|\n\n"),
        ("\n\n\n", "\n\n"),
    ],
)
def test_finished_blocks_end_where_more_text_changes_nothing(text: str, finished: str) -> None:
    assert text[: finished_blocks(text)] == finished


@given(markdown_texts, markdown_texts)
@settings(max_examples=500)
def test_finished_blocks_render_the_same_whatever_follows(text: str, more: str) -> None:
    end = finished_blocks(text)
    whole = text + more
    assert 0 <= end <= len(text)
    assert render(whole[:end]) + render(whole[end:]) == render(whole)


@given(st.text())
def test_finished_blocks_of_any_text(text: str) -> None:
    assert 0 <= finished_blocks(text) <= len(text)
