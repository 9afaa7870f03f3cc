"""What stands in the addresses of our own calls."""

from django.urls.converters import IntConverter

from benchsessions.sections import INDEX


class IndexConverter(IntConverter):
    """The index of a question in its one spelling: `07` is no other name of 7."""

    regex = INDEX.pattern
