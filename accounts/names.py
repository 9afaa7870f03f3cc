"""What things may be called."""

import re
from typing import Final

from django.core.validators import RegexValidator

_CONTROL: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
# A name is listed in terminals and logs too, where a control character could hide or forge a line.
printable: Final = RegexValidator(rf"^[^{_CONTROL}]*\Z", "A name has neither line breaks nor other control characters.")


def in_print(text: str) -> str:
    """Return a text as a name that `printable` takes."""
    return re.sub(f"[{_CONTROL}]", "", text)
