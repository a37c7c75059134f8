"""Explore: the map, the gallery and the groups, sharing one selection."""
