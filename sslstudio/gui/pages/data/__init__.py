"""Data: images come in here, with a ledger of what was taken and what was not."""
