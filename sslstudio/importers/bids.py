"""What a BIDS file name says of an image: modality and sequence of `sub-01_ses-2_T1w.nii.gz` (BIDS 1.9)."""

from __future__ import annotations

import re

_NAME = re.compile(r"(?:^|/)sub-[A-Za-z0-9]+(?:_[a-z]+-[A-Za-z0-9.]+)*_(?P<suffix>[A-Za-z0-9]+)\.[^/]+$")
_SEQUENCES = {
    "T1w": "T1",
    "T2w": "T2",
    "PDw": "PD",
    "T2starw": "T2*",
    "FLAIR": "FLAIR",
    "dwi": "DWI",
    "bold": "BOLD",
    "sbref": "BOLD",
    "asl": "perfusion",
    "angio": "angiography",
    "inplaneT1": "T1",
    "inplaneT2": "T2",
}
_MODALITIES = {"ct": "CT", "pet": "PT", "XR": "DX", "us": "US"}


def facts(relative: str) -> tuple[str, str]:
    """(modality, sequence) that the name of a file tells; "" for what it does not."""
    found = _NAME.search(relative)
    if found is None:
        return "", ""
    suffix = found["suffix"]
    sequence = _SEQUENCES.get(suffix, "")
    return ("MR" if sequence else _MODALITIES.get(suffix, "")), sequence
