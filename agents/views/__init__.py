"""The pages of agents and of usage."""
