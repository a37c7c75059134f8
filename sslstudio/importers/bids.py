"""What a BIDS file name says of an image: modality and sequence of `sub-01_ses-2_T1w.nii.gz`; and the JSON beside it,
as converters of DICOM write one too (BIDS 1.9)."""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache

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
_VOLUME = re.compile(r"\.(?:nii(?:\.gz)?|hdr|img)$", re.IGNORECASE)
_MOST_BYTES = 1 << 20
_SIDECAR = {"CT": "CT", "MR": "MR", "MRI": "MR", "PT": "PT", "PET": "PT"}
_MODALITIES = {"ct": "CT", "pet": "PT", "XR": "DX", "us": "US"}


def facts(relative: str) -> tuple[str, str]:
    """(modality, sequence) that the name of a file tells; "" for what it does not."""
    found = _NAME.search(relative)
    if found is None:
        return "", ""
    suffix = found["suffix"]
    sequence = _SEQUENCES.get(suffix, "")
    return ("MR" if sequence else _MODALITIES.get(suffix, "")), sequence


def is_volume(path: str) -> bool:
    """True for names beside which a JSON may stand that says what the volume is."""
    return _VOLUME.search(path) is not None


@lru_cache(maxsize=4)
def sidecar_modality(path: str) -> str:
    """The modality that the JSON beside the volume at `path` tells; "" without one."""
    if not is_volume(path):
        return ""
    beside = _VOLUME.sub(".json", path)
    try:
        if not os.path.isfile(beside):  # noqa: PTH113 - names that are not valid text; a pipe would never end
            return ""
        with open(beside, "rb") as stream:  # noqa: PTH123 - keeps names that are not valid text
            told = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return ""
    said = told.get("Modality") if isinstance(told, dict) else None
    return _SIDECAR.get(said.strip().upper(), "") if isinstance(said, str) else ""
