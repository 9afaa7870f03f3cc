"""What the templates say of pauses."""

from django import template

from agents.pauses import words_left

register = template.Library()
register.filter(words_left)
