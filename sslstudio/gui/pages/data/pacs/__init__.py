"""Images from a hospital archive: setting archives up, looking for studies, and fetching them for the import."""
