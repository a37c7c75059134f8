"""Backbones: their table (data, no torch), how they are built, their initial weights and their file form."""
