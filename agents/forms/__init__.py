"""The forms of the pages of agents and of usage."""
