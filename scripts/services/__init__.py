"""Find or fetch the programs the tests need, and run them as throw-away servers."""
