"""Tables of questions and of whole sessions: read from files of any make, and named the same on the way out."""
