"""The load harness: measure Parley beside a plain relay, in one run, and report against the budgets."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")  # sentences of Parley are marked for translation
