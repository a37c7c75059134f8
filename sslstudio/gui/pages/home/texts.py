"""The words of the Home page."""

from __future__ import annotations

PROMISE = "From thousands of unlabeled images to an honestly evaluated classifier, on this computer."
NEW = "New project"
OPEN = "Open project"
DEMO = "Try the demo"
DEMO_HELP = (
    "Sixty invented patients, made on this computer in seconds: go through the whole journey in ten minutes "
    "without using your own images."
)
RECENT = "Recent projects"
NO_RECENT = "Projects you open appear here. A project is one folder; your original images are never copied or changed."
MISSING = "This folder is not there now. It may be on a drive that is not connected."
FORGET = "Take this project off the list (the project itself is not touched)"

STEPS = (
    ("data", "Data", "Point at folders of images or DICOM studies. Patients are replaced by pseudonyms."),
    ("pretrain", "Pretrain", "A network learns what your images look like. No labels are needed."),
    ("explore", "Explore", "A map puts similar images side by side. Circle a group and look at it."),
    ("label", "Label", "Label a few dozen images by key, or a whole group at once."),
    ("classify", "Classify", "A classifier is fitted and tested on patients it has never seen."),
    ("export", "Export", "Take the model with you as one folder, with its model card."),
)
