"""What the columns of a user's table are: which names files, which patients, what is known, what must not be kept.

Pure, by names and sample values. Columns that look like names, dates, addresses or numbers of persons are withheld,
because what a table brings in stands beside every image and is shown, filtered by and exported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

Fact = Literal["laterality", "view", "body_part", "modality", "scanner", "site", "study"]

_FILES = (
    *("image", "file", "filename", "file_name", "image_name", "image_path", "filepath", "file_path", "path", "images"),
    *(
        "image_file",
        "imagefile",
        "img",
        "img_path",
        "image_id",
        "imageid",
        "image_index",
        "dicom",
        "dicom_path",
        "nifti",
    ),
    *("folder", "directory", "dir", "datei", "dateiname", "fichier", "archivo", "file_id"),
)
_SUBJECTS = (
    *("subject", "patient", "subject_id", "patient_id", "subjectid", "patientid", "participant", "participant_id"),
    *("case", "case_id", "caseid", "person_id", "pid", "mrn", "patient_number", "patientennummer", "fall"),
)
_FACTS: dict[str, Fact] = {
    **dict.fromkeys(("laterality", "side", "eye", "image_laterality", "breast_side", "seite"), "laterality"),
    **dict.fromkeys(("view", "view_position", "viewposition", "projection", "view_name"), "view"),
    **dict.fromkeys(("body_part", "bodypart", "body_part_examined", "region", "anatomy", "organ"), "body_part"),
    **dict.fromkeys(("modality",), "modality"),
    **dict.fromkeys(("scanner", "device", "scanner_model", "manufacturer_model_name", "machine"), "scanner"),
    **dict.fromkeys(("site", "hospital", "centre", "center", "institution", "clinic", "site_id", "center_id"), "site"),
    **dict.fromkeys(("study", "study_id", "exam", "exam_id", "visit", "session", "study_instance_uid"), "study"),
}
_SIDES = {
    **dict.fromkeys(("l", "left", "links", "os", "gauche", "izquierda", "sinister"), "L"),
    **dict.fromkeys(("r", "right", "rechts", "od", "droite", "derecha", "dexter"), "R"),
    **dict.fromkeys(("b", "both", "bilateral", "ou", "beide"), "B"),
}
_MODALITIES = {"mri": "MR", "mr": "MR", "ct": "CT", "xray": "DX", "x-ray": "DX", "ultrasound": "US", "us": "US"}
_PERSON = re.compile(
    r"(?<![a-z])((first|last|sur|fore|given|family|middle|maiden|patient|full)_?names?|names?|vorname|nachname|familienname"
    r"|nom|prenom|apellidos?|nombre|cognome|initials?|mrn|ssn|nhs|insurance|versicherung\w*|passport|accession\w*|phone"
    r"|telephone|mobile|e_?mail|address|adresse|street|strasse|zip|zipcode|postcode|plz|city|wohnort|physician|doctor"
    r"|referrer|operator|radiologist|reader_name|arzt|comments?|notes?|report|findings?|impression|befund|remarks?)(?![a-z])"
)
_DATE = re.compile(
    r"(?<![a-z])(date|dates|datum|birth\w*|dob|geburt\w*|naissance|nacimiento|fecha|datetime|timestamp|time|zeit)(?![a-z])"
)
_NUMBER = re.compile(r"(?<![a-z])(id|ids|uid|uuid|guid|identifier|number|nummer|no|nr)(?![a-z])|(id|uid)$")
_DATE_VALUE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)|(19|20)\d{6}")
_PERSON_VALUE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^\W\d]+\^.*")
_LONGEST = 60


def normal(name: str) -> str:
    """A column's name for comparing: lower case, words joined by underscores, `PatientID` as `patient_id`."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
    return re.sub(r"\W+", "_", parted.lower()).strip("_")


def file_column(names: Sequence[str]) -> str:
    """The column that names files, or ""."""
    return _first(names, _FILES)


def subject_column(names: Sequence[str]) -> str:
    """The column that tells patients apart, or ""."""
    return _first(names, _SUBJECTS)


def fact_of(name: str) -> Fact | None:
    """What a project itself calls the content of this column, or None."""
    return _FACTS.get(normal(name))


def fact_value(fact: Fact, value: str) -> str:
    """`value` as the project writes this fact; "" where it does not understand it."""
    word = value.strip().lower()
    if fact == "laterality":
        return _SIDES.get(word, "")
    if fact == "modality":
        return _MODALITIES.get(word, value.strip().upper() if re.fullmatch(r"[A-Za-z]{2}", value.strip()) else "")
    if fact in ("view", "body_part"):
        return value.strip().upper()[:_LONGEST]
    return value.strip()[:_LONGEST]


def withheld(name: str, values: Sequence[str]) -> str:
    """Why a column must not be kept, as the words after "it", or "" when it may; `values` are a sample."""
    plain = normal(name)
    present = [value.strip() for value in values if value.strip()]
    if _PERSON.search(plain):
        return "looks like names, addresses or free text"
    if _DATE.search(plain) or _most(present, _DATE_VALUE):
        return "looks like dates"
    if _most(present, _PERSON_VALUE, 0.05):
        return "holds names or addresses"
    if _NUMBER.search(plain) and len(set(present)) > max(20, len(present) // 2):
        return "looks like numbers of persons or examinations"
    if any(len(value) > _LONGEST for value in present):
        return "holds long texts"
    return ""


def kept(
    names: Sequence[str], samples: Mapping[str, Sequence[str]], used: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """(columns that are kept, columns that are not with the reason); `used` name files and patients."""
    others = [name for name in names if name and name not in used and fact_of(name) is None]
    reasons = {name: withheld(name, samples.get(name, ())) for name in others}
    return [name for name in others if not reasons[name]], {name: why for name, why in reasons.items() if why}


def _first(names: Sequence[str], wanted: Sequence[str]) -> str:
    known: dict[str, str] = {}
    for name in names:
        for form in (normal(name), name.strip().lower().replace(" ", "_")):
            known.setdefault(form, name)
    return next((known[name] for name in wanted if name in known), "")


def _most(values: Sequence[str], pattern: re.Pattern[str], share: float = 0.5) -> bool:
    return bool(values) and sum(bool(pattern.fullmatch(value)) for value in values) > share * len(values)
