"""Every write about people, how they are signed in, and what they may."""
