"""What things may be called."""

from typing import Final

from django.core.validators import RegexValidator

# A name is listed in terminals and logs too, where a control character could hide or forge a line.
printable: Final = RegexValidator(
    r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z", "A name has neither line breaks nor other control characters."
)
