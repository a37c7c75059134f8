"""Export: write a model package that works without this program, and predict with it."""
