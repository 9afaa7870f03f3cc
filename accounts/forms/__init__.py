"""The forms of the pages of people."""
