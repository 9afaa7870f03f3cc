"""Characters: bytes to text, and text to what a database and a browser can hold."""

import codecs


class Utf8:
    """Decode UTF-8 from pieces, whatever charset was declared; bad bytes become U+FFFD, one leading BOM is dropped."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = True

    def decode(self, data: bytes, *, final: bool = False) -> str:
        text = self._decoder.decode(data, final)
        if self._at_start and text:
            self._at_start = False
            return text.removeprefix("\ufeff")
        return text


class Cleaner:
    """Make text storable: NUL and lone surrogates become U+FFFD.

    JSON may spell a character beyond U+FFFF as two escapes, and an agent may put them into two events: the first
    half is held until the next piece.
    """

    def __init__(self) -> None:
        self._half = ""

    def clean(self, text: str) -> str:
        if not self._half and text.isascii() and "\0" not in text:
            return text
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return _storable(text.removesuffix(self._half))

    def flush(self) -> str:
        half, self._half = self._half, ""
        return _storable(half)


def _storable(text: str) -> str:
    utf16 = text.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass")
    return utf16.decode("utf-16-le", "replace")


def size(text: str) -> int:
    """Return the bytes of `text` in UTF-8; a lone surrogate counts three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def cut(text: str, limit: int) -> str:
    """Return the beginning of clean `text` that fits into `limit` bytes of UTF-8."""
    return text.encode()[:limit].decode("utf-8", "ignore")
