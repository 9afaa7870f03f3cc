"""Forms of the bench's pages, one module a subject."""
