"""Set up, start, test and check the project with nothing but Python's own library."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the machine's Python, not the one the code is written for
    sys.exit("Parley needs Python 3.11 or newer. Name one like this: make run PYTHON=python3.12")
