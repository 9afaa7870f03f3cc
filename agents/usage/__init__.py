"""What the ledger of runs adds up to, counted and drawn."""
