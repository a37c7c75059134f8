"""The words of the Export page."""

from __future__ import annotations

from sslstudio.gui.texts import count

TITLE = "Export"
MODEL = "Classifier"
EXPORT = "Export model package"
NO_MODEL = "Train a classifier on the Classify page first."
READ_ONLY = "This project is open for reading only."
HOLDS = "What the package holds"
PRIVACY_TITLE = "Before you pass it on"
PRIVACY = (
    "The package holds no image, no name, no identifier, no date and no path of this computer. But what a network has "
    "learned, and the numbers it describes images by, can identify people: share the package as you would share "
    "the images. For research use only; it is not a medical device."
)
PACKAGES = "Packages of this project"
NO_PACKAGES = "None yet. A package is one folder that predicts on any computer, with or without SSL Studio."
FILES = "Files and checksums"
OPEN_FOLDER = "Open folder"
SAVE_COPY = "Save a copy ..."
COPY_SUMS = "Copy checksums"
PREDICT_TITLE = "Predict on new files"
PREDICT_HELP = (
    "The package scores files it has never seen and writes three tables (CSV): a line an image, a study, a patient. "
    "Images are pooled as you chose on Classify, by their mean where you chose nothing; patients are told apart as in "
    "this project."
)
CHOOSE_FOLDER = "Choose folder ..."
PREDICT = "Predict"
PREDICTING = "Predicting ..."
NO_SOURCE = "Choose a folder of images first."
COPY_COMMAND = "Copy as command"
COPIED = "Copied."
COPY_DONE = "The package was copied."
COPY_FAILED = "The package could not be copied. Choose a folder you may write to."

CONTENTS = (
    ("The model", "model.onnx, with all preprocessing inside; runs in any ONNX runtime"),
    ("The weights", "model.safetensors, to go on training elsewhere"),
    ("The classes", "labels.json, names and colours in the order of the answers"),
    ("The model card", "MODEL_CARD.md: what it learned from, how well it does, where it ends"),
    ("An example", "a made-up picture with the answer to expect, and predict.py, one page of plain Python"),
    ("Checksums", "SHA256SUMS, so that a changed file is noticed"),
)
FILE_HEADERS = ("File", "SHA-256", "Size")


def parity(difference: float | None, images: int) -> str:
    """The proof that the package gives the same answers as the project."""
    if difference is None:
        return "Exported."
    return (
        f"Same answers as in this project on {count(images, 'image')}; largest difference of a probability "
        f"{difference:.7f}."
    )


def predicted(images: int, skipped: int, file: str) -> str:
    """What a prediction did."""
    rest = f" {count(skipped, 'file was', 'files were')} skipped; the table says why." if skipped else ""
    beside = f"{file.removesuffix('.csv')}-studies.csv and -patients.csv"
    return f"{count(images, 'image')} scored, written to {file}; studies and patients beside it in {beside}.{rest}"


def size(bytes_: int) -> str:
    """A file size for a person."""
    if bytes_ < 1024:
        return f"{bytes_} B"
    if bytes_ < 1024 * 1024:
        return f"{bytes_ / 1024:.0f} kB"
    return f"{bytes_ / 1024 / 1024:.1f} MB"
