"""Hospital archives (PACS): which ones the user has set up, and asking and fetching over DICOMweb or DIMSE.

`nodes` and `rows` are the vocabulary and load no network library; `archive.connect` loads the one that a node needs.
Nothing here runs in the window's process: it asks through a child process (`answering`) and fetches in a job.
"""
