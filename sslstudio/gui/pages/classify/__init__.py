"""Classify: fit a classifier on training patients and examine it on test patients."""
