"""The sharing check: what is about to leave is searched for patients, paths and originals that the project knows."""
