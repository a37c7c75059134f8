"""Of two hundred planted leaks, how many does the sharing check find? How many alarms do clean exports raise?

    python benchmarks/sharing_leaks.py [--seed 0] [--clean PROJECT]...

Ten made-up patients in DICOM files; each leak is one thing the check must know (of names, numbers, dates, identifiers,
paths, readers, whole files, pictures), written in one of the forms that files take (plain text in several encodings,
escapes, archives within archives, tables, pictures, PDF, models). The same files without leaks must raise no alarm, nor
may the exports of the projects that are named.
"""

from __future__ import annotations

import argparse
import base64
import bz2
import gzip
import html
import io
import json
import pickle
import random
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
import onnx
import pyarrow
import safetensors.numpy
import tifffile
from onnx import helper
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pyarrow import parquet

from sslstudio.domain.items import Item
from sslstudio.exporters import pdf
from sslstudio.exporters.sharing.check import Outcome, check
from sslstudio.exporters.sharing.knowledge import Knowledge, Original
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.patience import digest_of
from sslstudio.importers.pixel_cache import PixelCacheWriter

PLANTED = 200
FAMILIES = (
    "Müller",
    "Li",
    "Østergård",
    "O'Neill",
    "Kowalczyk",
    "Ng",
    "Grünwald",
    "Papadopoulou",
    "Yıldız",
    "Vogelsang",
)
GIVEN = ("Anna", "Wei", "Søren", "Máire", "Zofia", "Kim", "Jörg", "Eleni", "Can", "Brünhild")
FILL = "The numbers of this run are in the table below, as always. " * 8


def study(root: Path, seed: int) -> tuple[Knowledge, list[Item], list[tuple[str, str]]]:
    """Originals of ten patients on disk; what is known of them, the items, and the words to plant as (kind, word)."""
    rng = np.random.default_rng(seed)
    originals, items, words = [], [], []
    pixels = root / "pixels"
    pixels.mkdir(parents=True)
    with PixelCacheWriter(pixels / "import-1.bin") as writer:
        for number, (family, given) in enumerate(zip(FAMILIES, GIVEN, strict=True)):
            born, made = f"19{30 + number}0{1 + number % 9}1{number % 9}", f"2011{1 + number % 9:02d}2{number % 8}"
            folder = f"{family}_{given}_{number}"
            path = root / "Klinik am Ring" / folder / f"scan-{70000 + number * 7}.dcm"
            picture = blobs(rng)
            uid = f"1.2.826.0.1.77.{900000 + number}.5"
            extra = {
                "PatientBirthDate": born,
                "StudyDate": made,
                "AccessionNumber": f"ACC{55000 + number}",
                "InstitutionName": f"Klinikum Süd {number}",
                "ReferringPhysicianName": f"Doktor{number}^Überweiser",
                "OperatorsName": f"Technikerin^Nr{number}",
                "DeviceSerialNumber": f"SN-{4400 + number}-X",
            }
            header = DicomHeader(
                patient_id=f"{number}8412{number}7",
                patient_name=f"{family}^{given}",
                extra={**extra, "SeriesInstanceUID": uid},
            )
            write_image(path, picture, header)
            originals.append(
                Original(path=str(path), source=str(root / "Klinik am Ring"), digest=digest_of(str(path)), size=1)
            )
            place = writer.append(picture[:, :, None])
            items.append(item(number + 1, place.model_dump()))
            words += [
                ("name", f"{family}^{given}"), ("name", f"{given} {family}"), ("name", f"{family}, {given}"),
                ("id", header.patient_id), ("birth", f"{born[:4]}-{born[4:6]}-{born[6:]}"), ("birth", born),
                ("date", f"{made[6:]}.{made[4:6]}.{made[:4]}"), ("accession", extra["AccessionNumber"]),
                ("institution", extra["InstitutionName"].upper()), ("physician", f"Doktor{number}"),
                ("physician", f"Nr{number} Technikerin"), ("uid", uid), ("device", extra["DeviceSerialNumber"]),
                ("file", path.name),
                ("file", folder),
                ("path", str(path)),
                ("path", "/".join(("", "home", "somebody", "studies"))),
                ("path", str(root / "thorax.sslproj")),
            ]  # fmt: skip
    words = [("reader", "Dr. Beate Leserin"), ("note", "sees Dr. Specht in Ulm"), ("key", "c0ffee" * 10), *words]
    known = Knowledge(
        project=str(root / "thorax.sslproj"),
        key="c0ffee" * 10,
        sources=(str(root / "Klinik am Ring"),),
        originals=tuple(originals),
        files=len(originals),
        people=("Dr. Beate Leserin",),
        notes=("sees Dr. Specht in Ulm",),
        classes=("clear", "nodule"),
        since="2026-01-01",
    )
    return known, items, words


def blobs(rng: np.random.Generator) -> np.ndarray:
    """A picture with structure, (80, 64) uint16."""
    coarse = rng.uniform(0, 3000, (10, 8)).astype(np.float32)
    return (
        np.asarray(Image.fromarray(coarse).resize((64, 80), Image.Resampling.BICUBIC)).clip(0, 4095).astype(np.uint16)
    )


def item(number: int, place: dict[str, object]) -> Item:
    """An item of the frozen list at a place of the pixel cache."""
    facts = {
        "image_id": number,
        "subject": f"{number:016x}",
        "study": "",
        "series": "",
        "modality": "MR",
        "scanner": "",
    }
    return Item.model_validate({**facts, "windows": ((0.0, 4095.0),), **place})


def _zip(members: dict[str, bytes], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tar(word: str) -> bytes:
    buffer = io.BytesIO()
    content = (FILL + word).encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("notes.txt")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _picture(word: str, form: str) -> bytes:
    buffer = io.BytesIO()
    picture = Image.new("L", (40, 40), 90)
    if form == "png":
        info = PngInfo()
        info.add_itxt("Comment", FILL + word, zip=True)
        picture.save(buffer, "png", pnginfo=info)
    elif form == "jpeg":
        picture.save(buffer, "jpeg", comment=word.encode())
    else:
        tifffile.imwrite(buffer, np.zeros((20, 20), np.uint8), description=word.encode("utf-8"))
    return buffer.getvalue()


def _pdf(word: str, title: str = "Card") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.pdf"
        pdf.write(f"# Card\n\n{FILL}\n\n| a | b |\n|---|---|\n| {word} | 2 |\n", path, title)
        return path.read_bytes()


def _onnx(word: str) -> bytes:
    weights = helper.make_tensor("w", onnx.TensorProto.FLOAT, [64], np.random.default_rng(1).normal(size=64).tolist())
    node = helper.make_node("Identity", ["w"], ["y"], doc_string=word)
    return bytes(helper.make_model(helper.make_graph([node], "g", [], [], [weights])).SerializeToString())


def _table(word: str) -> bytes:
    buffer = io.BytesIO()
    table = pyarrow.table({"image": list(range(50)), "who": pyarrow.array(["a"] * 49 + [word])})
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _npz(word: str) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, names=np.array(["x", word]), values=np.zeros(9))
    return buffer.getvalue()


def _database(word: str) -> bytes:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE t (a TEXT)")
    database.execute("INSERT INTO t VALUES (?)", (FILL * 20 + word,))
    database.commit()
    return database.serialize()


def _latin(word: str) -> bytes:
    return (FILL + word + " ").encode("latin-1", "xmlcharrefreplace")


WAYS: dict[str, Callable[[str], bytes]] = {
    "notes.txt": lambda word: (FILL + word + " " + FILL).encode(),
    "utf16.log": lambda word: (FILL + word).encode("utf-16"),
    "utf16be.bin": lambda word: b"\0\1\2" * 3 + f" {word} ".encode("utf-16-be") + b"\0\3",
    "latin.csv": _latin,
    "data.json": lambda word: json.dumps({"a": [{"b": word}]}).encode(),
    "upper.xml": lambda word: f"<a><b>{html.escape(word.upper())}</b></a>".encode(),
    "link.md": lambda word: f"see file:///x/{quote(word, safe='')} for more".encode(),
    "base64.txt": lambda word: b"key " + base64.b64encode(b"to " + word.encode() + b" it") + b" end",
    "hex.txt": lambda word: b"key " + word.encode().hex().encode() + b" end",
    "inner.zip": lambda word: _zip({"inner.zip": _zip({"note.txt": (FILL + word).encode()})}),
    "comment.zip": lambda word: _zip({"a.txt": b"nothing"}, word.encode()),
    "table.csv.gz": lambda word: gzip.compress((FILL + "\n1;2;" + word + ";3\n").encode()),
    "log.bz2": lambda word: bz2.compress((FILL + word).encode()),
    "all.tar.gz": _tar,
    "names.npz": _npz,
    "table.parquet": _table,
    "state.sqlite": _database,
    "picture.png": lambda word: _picture(word, "png"),
    "picture.jpg": lambda word: _picture(word, "jpeg"),
    "picture.tif": lambda word: _picture(word, "tiff"),
    "card.pdf": _pdf,
    "titled.pdf": lambda word: _pdf("nothing", word),
    "model.onnx": _onnx,
    "model.safetensors": lambda word: safetensors.numpy.save({"a": np.zeros(9)}, {"note": word}),
    "model.pth": lambda word: _zip({"archive/data.pkl": pickle.dumps({"note": word})}),
    "page.html": lambda word: (
        b"<img src='data:text/plain;base64," + base64.b64encode((FILL * 3 + word).encode()) + b"'>"
    ),
}


def plant(root: Path, words: Sequence[tuple[str, str]], known: Knowledge, seed: int) -> dict[str, str]:
    """Write PLANTED files with one leak each; file name -> kind of its leak."""
    rng = random.Random(seed)
    truth: dict[str, str] = {}
    ways = list(WAYS.items())
    for number in range(PLANTED - 20):
        kind, word = words[number % len(words)] if number >= len(words) else words[number]
        name, write = ways[(number * 7 + number // len(ways)) % len(ways)]
        file = f"{number:03d}-{name}"
        (root / file).write_bytes(write(word))
        truth[file] = kind
    for number in range(20):
        original = Path(known.originals[number % len(known.originals)].path)
        file = f"{PLANTED - 20 + number}-copy.zip"
        if number < 5:
            (root / file).write_bytes(_zip({"x.bin": original.read_bytes()}))
            truth[file] = "original"
        elif number < 15:
            (root / file).write_bytes(_zip({"t.bin": _thumbnail(original, number)}))
            truth[file] = "picture"
        else:
            file = f"{PLANTED - 20 + number}-{original.name if number % 2 else rng.choice(FAMILIES[6:]) + '.txt'}"
            (root / file).write_bytes(b"nothing")
            truth[file] = "file" if number % 2 else "name"
    return truth


def _thumbnail(original: Path, number: int) -> bytes:
    import pydicom

    pixels = pydicom.dcmread(original).pixel_array
    small = Image.fromarray((pixels / 4095 * 255).astype(np.uint8)).resize((48, 60))
    buffer = io.BytesIO()
    if number % 3 == 0:
        np.save(buffer, np.asarray(small, np.float32))
    else:
        small.save(buffer, "png" if number % 3 == 1 else "jpeg")
    return buffer.getvalue()


def run(place: Path, seed: int) -> tuple[dict[str, str], Outcome, Outcome]:
    """Truth by file, the check of the planted files, and that of the same files without leaks."""
    known, items, words = study(place / "study", seed)
    planted, clean = place / "planted", place / "clean"
    planted.mkdir()
    clean.mkdir()
    truth = plant(planted, words, known, seed)
    for name, write in WAYS.items():
        (clean / name).write_bytes(write("nobody in particular"))
    (clean / "noise.bin").write_bytes(random.Random(seed).randbytes(1 << 22))
    pixels = place / "study" / "pixels"
    return truth, check([planted], known, pixels, items), check([clean], known, pixels, items)


def missed(truth: dict[str, str], outcome: Outcome) -> list[str]:
    """Planted files in which the leak, of its kind, was not found."""
    found = {(one.file[:3], one.kind) for one in outcome.findings}
    return [f"{file}: {kind}" for file, kind in truth.items() if (file[:3], kind) not in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clean", type=Path, action="append", default=[], metavar="PROJECT")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        truth, planted, clean = run(Path(folder), options.seed)
    lost = missed(truth, planted)
    print(
        f"found {len(truth) - len(lost)} of {len(truth)} planted leaks; looked for {sum(planted.looked_for.values())}"
    )
    print("\n".join(lost))
    print(f"{len(clean.findings)} false alarms in {clean.files} clean files", *clean.findings, sep="\n")
    for path in options.clean:
        from sslstudio.session import sharing
        from sslstudio.session.project import Project

        with Project.open(path, read_only=True) as project:
            outcome = sharing.check(project, [project.exports_dir])
        print(outcome.sentence(), *outcome.findings, sep="\n")


if __name__ == "__main__":
    main()
