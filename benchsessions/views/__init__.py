"""Pages of the bench, one module a subject."""
