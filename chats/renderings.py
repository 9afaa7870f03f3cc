"""What was made of texts lately, so that a page of many answers is not rendered again for each who opens it."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.utils.safestring import SafeString


class Renderings:
    """Make the HTML of a text once, as long as it and all that was used after it fit; safe between threads."""

    def __init__(self, make: Callable[[str], SafeString], most_chars: int) -> None:
        self._make, self._most_chars = make, most_chars
        self._kept: OrderedDict[str, SafeString] = OrderedDict()
        self._chars = 0
        self._lock = Lock()

    def of(self, text: str) -> SafeString:
        """Return the HTML of a text."""
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
                return self._kept[text]
        html = self._make(text)  # two who ask at once both make it: nobody waits for another's long text
        with self._lock:
            if text not in self._kept:
                self._kept[text] = html
                self._chars += len(text) + len(html)
            while self._chars > self._most_chars:
                oldest, dropped = self._kept.popitem(last=False)
                self._chars -= len(oldest) + len(dropped)
        return html
