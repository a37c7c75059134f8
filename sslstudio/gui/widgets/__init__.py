"""Widgets shared by the pages; each has setters and signals and knows nothing of the project."""
