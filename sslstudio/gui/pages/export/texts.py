"""The words of the Export page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sslstudio.domain.units import count

TITLE = "Export"
MODEL = "Classifier"
EXPORT = "Export model package"
NO_MODEL = "Train a classifier on the Classify page first."
READ_ONLY = "This project is open for reading only."
FORM = "What to write"
HOLDS = "What it holds"
PRIVACY_TITLE = "Before you pass it on"
PRIVACY = (
    "What is written holds no image, no name, no identifier, no date and no path of this computer. But what a network "
    "has learned, and the numbers it describes images by, can identify people: share it as you would share "
    "the images. For research use only; it is not a medical device."
)
PACKAGES = "Exported so far"
NO_PACKAGES = "Nothing yet. Each export is one folder, and the same as a zip, that works with or without SSL Studio."
FILES = "Files and checksums"
OPEN_FOLDER = "Open folder"
SAVE_COPY = "Save a copy ..."
COPY_SUMS = "Copy checksums"
PREDICT_TITLE = "Predict on new files"
PREDICT_HELP = (
    "The package scores files it has never seen and writes three tables: a line an image, a study, a patient. Images "
    "are pooled as you chose on Classify, by their mean where you chose nothing; patients are told apart as in this "
    "project. Images unlike those it was trained on are marked. After an interruption Predict goes on where it was."
)
SOURCE_TITLE = "New images"
SOURCE = "Folder of new images"
ABSTAIN = "Abstain at"
ABSTAIN_HELP = (
    "It abstains for an image when it cannot rule out all classes but one and keep this promise: so often the true "
    "class is among those it leaves. A higher promise abstains more often."
)
PROMISES = (("90", "90 %"), ("95", "95 %"))
TABLES = "Tables"
ENDINGS = ((".csv", "CSV"), (".parquet", "Parquet"), (".json", "JSON"))
BACK_TITLE = "For the archive"
REPORTS = "Structured reports"
REPORTS_HELP = (
    "One DICOM structured report (TID 1500) a study: probabilities, whether it abstains, which images were seen."
)
PICTURES = "Pictures"
PICTURES_HELP = "One DICOM picture a study that says the same, for viewers that show no structured reports."
BACK_HELP = (
    "For DICOM studies. They carry the patient's name, so that your archive can file them beside the images: choose a "
    "folder outside the project. Marked as AI-generated, unverified, for research use only."
)
BACK = "Folder for reports and pictures"
NO_BACK = "Choose a folder for reports and pictures."
NOTHING_BACK = "Tick structured reports or pictures first."
CHECK_TITLE = "Sharing check"
CHECK_HELP = (
    "Before you pass something on, it is searched for the patients, physicians, institutions, dates and paths "
    "that this project knows, and for copies of its images. What no search can find: a network and its "
    "embeddings can identify "
    "people (chest radiographs: AUC 0.994, Packhäuser et al. 2022)."
)
CHECK = "Check now"
CHECKING = "Searching ..."
NOT_CHECKED = "Not checked yet: it was exported by an earlier version. It is checked before a copy is saved."
ANYWAY = "Send anyway"
DO_NOT = "Do not"
ASK = "Save the copy all the same?"
REFUSED = "No copy was saved."
FINDINGS = "What the check found"
FINDING_HEADERS = ("File", "What", "Where", "Begins")
REPORT_TITLE = "Report of the project"
REPORT_HELP = (
    "For a colleague or an ethics board: the data and what was left out, the training, the map, the "
    "labels and their agreement, how well it does, and where it ends. No names and no paths; it is searched "
    "for them as well."
)
REPORT = "Report (PDF / HTML) ..."
CHECK_TIP = "Searches the package that is chosen above."
REPORT_TIP = "Asks where to write it; nothing is written that names a patient of this project."
COPY_WORDS = {
    "methods": ("Copy methods paragraph", "What was done, with numbers and references, for the methods of a paper."),
    "bibtex": ("Copy BibTeX", "The publications that the paragraph cites, for a reference manager."),
    "commands": ("Copy as commands", "What was done in this project, as lines for a terminal that do it again."),
}
REPORT_FILTERS = "PDF (*.pdf);;Web page (*.html)"
WRITING_REPORT = "Writing the report ..."
BUSY = "Wait until what is under way has ended."
CHOOSE_FOLDER = "Choose folder ..."
PREDICT = "Predict"
PREDICTING = "Predicting ..."
NO_SOURCE = "Choose a folder of images first."
COPY_COMMAND = "Copy as command"
COPIED = "Copied."
COPY_DONE = "It was copied."
COPY_FAILED = "It could not be copied. Choose a folder you may write to."


@dataclass(frozen=True)
class Form:
    """One of the things that can be written: what it is for, and what it holds."""

    key: str
    title: str
    action: str
    purpose: str
    contents: tuple[tuple[str, str], ...]


FORMS = (
    Form(
        "package",
        "Model package",
        "Export model package",
        "To use the classifier elsewhere, or to hand it to a colleague or a reviewer: it predicts on new images on any "
        "computer, and says what it is and how well it does.",
        (
            ("The model", "model.onnx, with all preprocessing inside; runs in any ONNX runtime"),
            ("Decisions", "operating.json: calibration, operating points, and the limits of sets of classes"),
            ("The model card", "MODEL_CARD, as PDF and as text: what it learned from, how well it does, where it ends"),
            ("For a paper", "CHECKLIST.md: CLAIM and TRIPOD+AI, filled as far as the project knows"),
            ("The rest", "weights, classes, predict.py of forty lines, a made-up example, checksums"),
        ),
    ),
    Form(
        "backbone",
        "Network for PyTorch",
        "Export network",
        "For a programmer who goes on with what was learned here: the network without its classifier, to fine-tune for "
        "another question or to describe images with.",
        (
            ("timm", "timm.safetensors, loaded by one line"),
            ("torchvision", "torchvision.pth, where torchvision has such a network"),
            ("PyTorch", "program.pt2, with all preprocessing inside"),
            ("How to", "README.md: the line for each, also for lightly and MONAI, and what the network wants to see"),
        ),
    ),
    Form(
        "monai",
        "MONAI bundle",
        "Export MONAI bundle",
        "For a group that works with MONAI: the classifier in the form that MONAI's own programs verify and run.",
        (
            ("The classifier", "models/model.pt, and configs/ that say how it is built and run"),
            ("Reading files", "scripts/, so that images are seen as they were in training"),
            ("The model card", "docs/, with the commands to verify and to run it"),
        ),
    ),
    Form(
        "embeddings",
        "Embeddings",
        "Write embeddings ...",
        "For statistics of your own: the numbers by which the classifier's network describes each image.",
        (
            (
                "Parquet",
                "one row an image: number, pseudonym of the patient, label, part, embedding; for pandas, R, DuckDB",
            ),
            ("NumPy", "a matrix, one row an image, with the numbers of the images in a second file"),
        ),
    ),
)
STOPPED = "Stopped; nothing was written."
WRITING_EMBEDDINGS = "Writing embeddings"
EMBEDDINGS_BUSY = "Embeddings are being written."
EMBEDDINGS_FILTERS = "Parquet (*.parquet);;NumPy (*.npy)"
FILE_HEADERS = ("File", "SHA-256", "Size")


def form(key: str) -> Form:
    """The form called `key`; the first one for a name that is none."""
    return next((form for form in FORMS if form.key == key), FORMS[0])


def parity(difference: float | None, images: int, key: str = "package") -> str:
    """The proof that what was exported gives the same answers as the project."""
    if difference is None:
        return "Exported."
    if key == "backbone":
        return (
            f"Loaded anew, it gives the same features as in this project on {count(images, 'image')}; largest "
            f"difference of a feature {difference:.7f}."
        )
    return (
        f"Same answers as in this project on {count(images, 'image')}; largest difference of a probability "
        f"{difference:.7f}."
    )


def written_to(folder: str, zipped: bool) -> str:
    """Where an export lies."""
    return f"Written to {folder}{', and as .zip beside it' if zipped else ''}."


def embeddings_written(images: int, dimensions: int, file: str) -> str:
    """Where embeddings lie."""
    return f"{count(images, 'embedding')} of {count(dimensions, 'number')} written to {file}."


def predicted(counts: Mapping[str, int], file: str) -> str:
    """What a prediction did, by the counts that the command gives."""
    stem, _, ending = file.rpartition(".")
    beside = f"{stem}-studies.{ending} and -patients.{ending}"
    said = [
        f"{count(counts['predicted'], 'image')} scored, written to {file}; studies and patients beside it in {beside}."
    ]
    if counts.get("abstained"):
        said.append(f"It abstains for {count(counts['abstained'], 'image')}.")
    if "unlike" not in counts:
        said.append("This package cannot say which images are unlike its own: export it again for that.")
    elif counts["unlike"]:
        said.append(
            f"{count(counts['unlike'], 'image is', 'images are')} unlike those it was trained on: do not rely on these."
        )
    if counts.get("skipped"):
        said.append(f"{count(counts['skipped'], 'file was', 'files were')} skipped; the table says why.")
    if "reports" in counts:
        said.append(f"For the archive: {count(counts['reports'], 'report')}, {count(counts['captures'], 'picture')}.")
    left = counts.get("not_dicom", 0) + counts.get("not_reported", 0)
    if left:
        said.append(f"{count(left, 'study', 'studies')} cannot go back: no DICOM, or not as DICOM asks for.")
    return " ".join(said)


def size(bytes_: int) -> str:
    """A file size for a person."""
    if bytes_ < 1024:
        return f"{bytes_} B"
    if bytes_ < 1024 * 1024:
        return f"{bytes_ / 1024:.0f} kB"
    return f"{bytes_ / 1024 / 1024:.1f} MB"
