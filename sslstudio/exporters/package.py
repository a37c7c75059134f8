"""A model package on disk: its file names, checksums, archive, and the check that nothing in it was altered."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from sslstudio.domain.record import Record
from sslstudio.domain.rendering import Rendering
from sslstudio.errors import SSLStudioError

FOLDER = "package"
ARCHIVE = "package.zip"
GRAPH = "model.onnx"
WEIGHTS = "model.safetensors"
MODEL = "model.json"
LABELS = "labels.json"
PREPROCESSING = "preprocessing.json"
OPERATING = "operating.json"
POOLING = "pooling.json"
ATTENTION = "attention.npz"
TYPICAL = "typical.npz"
CARD = "MODEL_CARD.md"
CARD_PDF = "MODEL_CARD.pdf"
CHECKLIST = "CHECKLIST.md"
PREDICT = "predict.py"
READER = "read_image.py"
EXAMPLE = "example.npz"
EXAMPLE_IMAGE = "example.png"
CHECKSUMS = "SHA256SUMS"
NEEDED = (GRAPH, WEIGHTS, MODEL, LABELS, PREPROCESSING, CARD, PREDICT, EXAMPLE, EXAMPLE_IMAGE)
"""The files that every package holds, besides its checksums."""
FILES = (*NEEDED, OPERATING, POOLING, CARD_PDF, CHECKLIST, READER)
"""Those that this version writes; packages of earlier ones lack some."""
LEARNED = (ATTENTION, TYPICAL)
"""There where there were enough patients to learn them from."""

FORMAT = 2
T = TypeVar("T", bound=Record)
_LARGEST = 8 * 2**30
_STORED = (".onnx", ".safetensors", ".npz", ".png", ".pt", ".pt2", ".pth")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class ClassLabel(Record):
    """One class: the column of `probabilities` it stands in, its name and its colour (#RRGGBB)."""

    index: int
    name: str
    colour: str = ""


class LabelMap(Record):
    """`labels.json`."""

    format: int = FORMAT
    classes: tuple[ClassLabel, ...]


class Preprocessing(Record):
    """`preprocessing.json`: what has to be done before the graph is called; all else is inside the graph."""

    format: int = FORMAT
    channels: Literal[1, 3]
    image_size: int = Field(ge=1)
    inputs: dict[str, str]
    outputs: dict[str, str]
    window_rule: tuple[str, ...]
    rendering: Rendering
    max_side: int = Field(ge=32)
    channel_rule: tuple[str, ...]
    inside_the_graph: tuple[str, ...]


def label_map(names: Sequence[str], colours: Sequence[str]) -> LabelMap:
    """The label map of classes in the order of their columns."""
    entries = zip(names, colours, strict=True)
    return LabelMap(
        classes=tuple(ClassLabel(index=i, name=name, colour=colour) for i, (name, colour) in enumerate(entries))
    )


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented UTF-8 JSON with a final line end."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def write_checksums(folder: Path) -> dict[str, str]:
    """Write `SHA256SUMS` over every other file of the package, as `sha256sum -c` reads it; returns name -> digest."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    digests = {name: _digest(folder / name) for name in names if name != CHECKSUMS}
    lines = [f"{digest}  {name}\n" for name, digest in digests.items()]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
    return digests


def verify(folder: Path) -> dict[str, str]:
    """Check every file of a package against `SHA256SUMS`; returns name -> digest.

    Raises SSLStudioError: code "not_a_package" if the folder is none, "altered_package" if a file is missing, has
    no checksum, or has other content than when the package was written. Files that are no part of it are not looked at.
    """
    listing = folder / CHECKSUMS
    if not listing.is_file():
        raise SSLStudioError(
            "This folder is not a model package.",
            "Choose the folder or the .zip file that SSL Studio wrote at export.",
            code="not_a_package",
        )
    wanted = _read_listing(listing)
    present = {path.name for path in folder.iterdir() if path.name != CHECKSUMS and path.is_file()}
    missing = sorted((set(wanted) | set(NEEDED)) - present)
    if missing:
        raise _altered(f"{missing[0]} is missing from the model package.")
    unlisted = sorted((set(NEEDED) | {*FILES, *LEARNED} & present) - set(wanted))
    if unlisted:
        raise _altered(f"{unlisted[0]} has no checksum in the model package.")
    for name, digest in wanted.items():
        if _digest(folder / name) != digest:
            raise _altered(f"{name} is not the file that was exported: its checksum differs.")
    return wanted


def identity(folder: Path) -> str:
    """The digest that stands for a verified package as a whole: of its list of checksums."""
    return _digest(folder / CHECKSUMS)


def read_name(folder: Path) -> str:
    """The name of the model in a verified package; "" where it says none."""
    try:
        return str(json.loads((folder / MODEL).read_bytes())["model_id"])
    except (ValueError, KeyError, TypeError):
        return ""


def read_labels(folder: Path) -> LabelMap:
    """The label map of a verified package."""
    return _read(folder / LABELS, LabelMap)


def read_preprocessing(folder: Path) -> Preprocessing:
    """The preprocessing rules of a verified package."""
    return _read(folder / PREPROCESSING, Preprocessing)


def write_archive(folder: Path, archive: Path, name: str) -> None:
    """Write the package as a zip with one folder called `name`; equal packages give equal archives."""
    with zipfile.ZipFile(archive, "w") as stream:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(f"{name}/{path.relative_to(folder).as_posix()}", _EPOCH)
            info.compress_type = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.file_size = path.stat().st_size
            with path.open("rb") as source, stream.open(info, "w", force_zip64=True) as target:
                while block := source.read(1 << 20):
                    target.write(block)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the known files of a zipped package straight into `folder`; names and sizes are checked first.

    Raises SSLStudioError with code "not_a_package" if the archive is damaged, too large or holds anything else.
    """
    try:
        with zipfile.ZipFile(archive) as stream:
            members = {}
            for info in stream.infolist():
                parts = PurePosixPath(info.filename).parts
                if info.is_dir():
                    continue
                if not 1 <= len(parts) <= 2 or parts[0] in ("..", "/") or parts[-1] in members:
                    raise _not_a_package()
                if parts[-1] not in (*FILES, *LEARNED, CHECKSUMS):
                    raise _not_a_package()
                members[parts[-1]] = info
            if sum(info.file_size for info in members.values()) > _LARGEST:
                raise _not_a_package()
            for name, info in members.items():
                _extract(stream, info, folder / name)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError):
        raise _not_a_package() from None


def _extract(stream: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    left = info.file_size
    with stream.open(info) as source, target.open("wb") as sink:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise _not_a_package()
            sink.write(block)


def _read(path: Path, record: type[T]) -> T:
    try:
        return record.model_validate_json(path.read_bytes())
    except ValidationError:
        raise SSLStudioError(
            f"{path.name} of this model package cannot be read by this version.", "Update SSL Studio.", code="newer"
        ) from None


def _read_listing(listing: Path) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or PurePosixPath(name).name != name or "\\" in name:
            raise _altered("The list of checksums of the model package is damaged.")
        wanted[name] = digest
    return wanted


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _altered(message: str) -> SSLStudioError:
    return SSLStudioError(message, "Do not use it; ask for a fresh copy of the package.", code="altered_package")


def _not_a_package() -> SSLStudioError:
    return SSLStudioError(
        "This file is not a model package.",
        "Choose the folder or the .zip file that SSL Studio wrote at export.",
        code="not_a_package",
    )
