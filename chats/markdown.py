"""Markdown of agents as safe HTML.

An answer is a stranger's text: raw HTML in it is shown as text, pictures become links (loading one would tell its
site who reads), and the result passes a tight allow-list.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from chats.renderings import Renderings

LINK_SCHEMES: Final = ("http", "https", "mailto")
FULL_ADDRESS: Final = re.compile(r"(?:https?://[^/\\?#]|mailto:.)", re.IGNORECASE)
HIGHLIGHT_CHARS: Final = 50_000
RICH_CHARS: Final = 10_000  # up to here the worst text takes under half a second
MARKDOWN_CHARS: Final = 100_000  # and up to here a few; what is longer is shown as it came
KEPT_CHARS: Final = 8_000_000  # of texts and their HTML
HEADING_SHIFT: Final = 2  # the page's own headings stand above those of an answer
ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "code": set(),
    "div": {"class", "tabindex"},
    "input": {"checked", "disabled"},
    "ol": {"start"},
    "pre": {"data-language", "tabindex"},
    "span": {"class"},
    "td": {"class"},
    "th": {"class"},
}
TAGS: Final = {
    *ATTRIBUTES,
    *("blockquote", "br", "em", "h3", "h4", "h5", "h6", "hr", "li", "p", "s", "strong"),
    *("table", "tbody", "thead", "tr", "ul"),
}
NEWLINE: Final = re.compile(r"\r\n|\n|\r")
BLANK_LINE: Final = re.compile(r"(?:\r\n|\n|\r(?!\n))[ \t]*(?:\r\n|\n|\r(?=[^\n]))")
GROWING_BLOCKS: Final = frozenset({"bullet_list_open", "ordered_list_open", "code_block"})


def render(text: str) -> SafeString:
    """Return a Markdown text as sanitised HTML."""
    sound = text.encode("utf-8", "replace").decode()  # JSON may carry lone surrogates, UTF-8 may not
    return _renderings.of(sound) if len(sound) <= MARKDOWN_CHARS else format_html("<pre>{}</pre>", sound)


def _rendered(text: str) -> SafeString:
    parser = _rich_parser if len(text) <= RICH_CHARS else _parser
    html = nh3.clean(
        parser.render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes=set(LINK_SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(html)  # noqa: S308 - sanitised above


def finished_blocks(text: str) -> int:
    """Return how long the beginning of a growing text is that more text cannot change.

    It ends at a blank line between two blocks, so that both sides can be rendered apart. Only a link defined further
    down (`[name]: address`) is missing then; the rendering of the whole answer has it.
    """
    end = 0
    for blank in BLANK_LINE.finditer(text):
        end = blank.end()
    return _closed_part(text[:end])


@lru_cache(maxsize=32)
def _closed_part(text: str) -> int:
    """Return the length of the closed blocks of a text that ends in a blank line.

    Cached, since a growing text is asked about many times between two blank lines.
    """
    blocks = [token for token in _block_parser.parse(text) if token.level == 0 and token.map]
    if not blocks or not _may_grow(blocks[-1]):
        return len(text)
    assert blocks[-1].map is not None
    lines = [0, *(newline.end() for newline in NEWLINE.finditer(text))]
    return lines[blocks[-1].map[0]]


def _may_grow(block: Token) -> bool:
    """Tell whether a block may go on after a blank line."""
    if block.type == "fence":
        assert block.map is not None
        first, end = block.map
        return end - first - 1 == block.content.count("\n")  # no line of it closes it
    return block.type in GROWING_BLOCKS


def _adapt(state: StateCore) -> None:
    """Fit a parsed answer into our page: headings below ours, classes for styles, links for pictures."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1:]) + HEADING_SHIFT)}"
        elif token.type in {"th_open", "td_open"} and "style" in token.attrs:
            token.attrs = {"class": str(token.attrs["style"]).removeprefix("text-align:")}
        elif token.type == "inline":
            token.children = _without_images(token.children or [])


def _without_images(tokens: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    links = 0
    for token in tokens:
        links += token.nesting if token.type in {"link_open", "link_close"} else 0
        if token.type != "image":
            kept.append(token)
            continue
        text = Token("text", "", 0, content=token.content or str(token.attrs["src"]))
        if links:  # a link cannot hold another
            kept.append(text)
        else:
            opening = Token("link_open", "a", 1, attrs={"href": token.attrs["src"]})
            kept += [opening, text, Token("link_close", "a", -1)]
    return kept


def _is_allowed_link(url: str) -> bool:
    """Tell whether a link may be made; anything but a full address would lead into our own site."""
    return FULL_ADDRESS.match(url) is not None


def _code_block(tokens: Sequence[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
    label = f' data-language="{escape(language)}"' if language else ""
    return f'<pre tabindex="0"{label}><code>{_highlighted(token.content, language)}</code></pre>\n'


def _highlighted(code: str, language: str) -> str:
    """Return code as HTML with Pygments' classes, or plain if the language is unknown or the code very long."""
    if len(code) <= HIGHLIGHT_CHARS and language:
        try:
            lexer = get_lexer_by_name(language, stripnl=False)
        except ClassNotFound:
            return escape(code)
        return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))
    return escape(code)


def _build_rich_parser() -> MarkdownIt:
    """Add what takes time that grows with the square of a hostile text: bare addresses and task lists."""
    parser = _build_parser()
    parser.options["linkify"] = True
    parser.enable("linkify").use(tasklists_plugin)
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})  # `main.py` is a file, not a host
    return parser


def _build_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.validateLink = _is_allowed_link  # type: ignore[method-assign]
    parser.core.ruler.push("adapt", _adapt)
    rules: dict[str, Any] = {
        "fence": _code_block,
        "code_block": _code_block,
        "table_open": lambda *_: '<div class="table-scroll" tabindex="0"><table>\n',
        "table_close": lambda *_: "</table></div>\n",
    }
    parser.renderer.rules.update(rules)  # type: ignore[attr-defined]
    return parser


def _build_block_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


_parser = _build_parser()
_rich_parser = _build_rich_parser()
_block_parser = _build_block_parser()
_renderings = Renderings(_rendered, KEPT_CHARS)
