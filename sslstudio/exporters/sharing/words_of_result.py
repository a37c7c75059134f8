"""The result of a sharing check in words; apart because the window says it, too, and loads no searching for it."""

from __future__ import annotations

from typing import Any

KINDS = {
    "name": "name of a patient",
    "id": "number of a patient",
    "birth": "date of birth",
    "date": "date of an examination",
    "accession": "accession number",
    "institution": "institution",
    "physician": "name of a physician or operator",
    "uid": "DICOM identifier",
    "device": "serial number or station",
    "text": "free text of a header",
    "file": "name of an original file or folder",
    "path": "path of this computer",
    "computer": "name of this computer or its user",
    "reader": "name of a reader",
    "note": "note of a reader",
    "key": "key of the pseudonyms",
    "original": "copy of an original file",
    "picture": "picture of the project",
}


def said(counts: dict[str, Any]) -> str:
    """The counts of a check as a sentence."""
    found, left = sum(counts["found"].values()), int(counts["not_searched"])
    files = f"{counts['files']:,} file{'' if counts['files'] == 1 else 's'}"
    start = f"{found:,} thing{'' if found == 1 else 's'} found" if found else "Nothing found"
    looked = (
        f"{start} in {files}: looked for {counts['looked_for']:,} names, numbers, dates and paths, from the headers of"
        f" {counts['headers']:,} of {counts['known_files']:,} originals, and for {counts['originals']:,} files and"
        f" {counts['pictures']:,} pictures."
    )
    return looked + (f" {left:,} file{'' if left == 1 else 's'} too large to be searched." if left else "")
