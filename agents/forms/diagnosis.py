"""What an agent is asked in a test."""

from django import forms

from accounts.forms.fields import PageForm
from agents.diagnosis import HELLO, LONGEST_QUESTION


class TestForm(PageForm):
    """The question of a test; without one, the usual."""

    question = forms.CharField(
        label="What the agent is asked",
        required=False,
        max_length=LONGEST_QUESTION,
        empty_value=HELLO,
        widget=forms.TextInput(attrs={"placeholder": HELLO}),
    )
