"""Home: open, create or try the demo."""
