"""The load harness: measure Parley beside a plain relay, in one run, and report against the budgets."""
