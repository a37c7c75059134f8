"""The sharing check: what is about to leave is searched for patients, paths, people and originals that the project knows."""
