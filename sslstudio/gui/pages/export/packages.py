"""The packages a project has exported, read from its folder; apart from Qt."""

from __future__ import annotations

import glob
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sslstudio.domain.runs import RunState
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.export import texts
from sslstudio.gui.pages.export.predict_panel import Wanted
from sslstudio.session.project import Project

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class PackageFile:
    """One file of a package."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Package:
    """One exported model in one form. `difference` is None when the run did not say."""

    model_id: str
    form: str
    folder: Path
    finished: str
    difference: float | None
    images_compared: int
    files: tuple[PackageFile, ...]
    sharing: dict[str, Any] | None = None
    """Counts of the sharing check; None for one that was exported before there was any."""

    @property
    def proof(self) -> str:
        """The parity result in words."""
        return texts.parity(self.difference, self.images_compared, self.form)

    @property
    def key(self) -> str:
        """What tells it from the others of the project."""
        return self.folder.name

    @property
    def place(self) -> str:
        """Where it lies, in words."""
        return texts.written_to(str(self.folder), self.folder.with_name(f"{self.key}.zip").is_file())


def read(project: Project) -> list[Package]:
    """The newest export of each model in each form, newest first; called off the window's thread."""
    found: dict[str, Package] = {}
    for row in project.catalogue.runs():
        if row.stage != "export" or row.state != RunState.SUCCEEDED or not row.adopted:
            continue
        spec = json.loads(row.spec_json)
        model_id, form = str(spec["model"]), str(spec.get("format", "package"))
        folder = project.exports_dir / f"{model_id}-{form}"
        if folder.is_dir():
            found.pop(folder.name, None)
            difference = row.result.get("largest_difference")
            found[folder.name] = Package(
                model_id,
                form,
                folder,
                row.finished,
                float(difference) if difference is not None else None,
                int(row.result.get("images_compared", 0)),
                files(folder),
                row.result.get("sharing"),
            )
    return list(reversed(found.values()))


def files(folder: Path) -> tuple[PackageFile, ...]:
    """The files of a package with the checksums that stand in it."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    sums = {name.lstrip("*"): digest for digest, _, name in (line.partition(" ") for line in lines)}
    sums = {name.strip(): digest for name, digest in sums.items()}
    listed = []
    for path in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
        name = path.relative_to(folder).as_posix()
        listed.append(PackageFile(name, sums.get(name, ""), path.stat().st_size))
    return tuple(listed)


def copy_to(package: Package, target: Path) -> Path:
    """Copy a package below `target`; raises SSLStudioError ("copy_failed") and leaves nothing half done."""
    final = target / package.folder.name
    partial = target / f"{package.folder.name}.partial"
    try:
        if final.exists():
            raise SSLStudioError(f"{final.name} is there already.", "Choose another folder.", code="copy_exists")
        shutil.copytree(package.folder, partial)
        partial.rename(final)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        raise SSLStudioError(texts.COPY_FAILED, code="copy_failed") from None
    return final


def predict_arguments(
    package: Path, sources: Sequence[Path], table: Path, identity: Mapping[str, Any] | None = None
) -> list[str]:
    """What follows `sslstudio` on the command line to predict with a package; patients are told apart as in the project
    (`session.subjects.kept_identity`)."""
    known = identity or {}
    pattern, order = str(known.get("pattern") or ""), str(known.get("order") or "header")
    apart = [] if order == "header" else ["--patients-by", order]
    apart += [f"--subject-pattern={pattern}"] if pattern else []
    return ["predict", str(package), *map(str, sources), *apart, "-o", str(table)]


def predict_options(wanted: Wanted) -> list[str]:
    """The options of `sslstudio predict` for what the user asked for, besides package, files and table."""
    back = Path(wanted.back)
    options = [] if wanted.promise == "90" else ["--promise", wanted.promise]
    options += ["--sr", str(back / "reports")] if wanted.reports else []
    return options + (["--capture", str(back / "pictures")] if wanted.pictures else [])


def table_for(folder: Path, model_id: str, ending: str) -> Path:
    """The table of a prediction: one that was interrupted, so that it is gone on with, else a new one with the time."""
    begun = sorted(folder.glob(f".predictions-{glob.escape(model_id)}-*{ending}.journal"))
    if begun:
        return folder / begun[-1].name[1:].removesuffix(".journal")
    return folder / f"predictions-{model_id}-{datetime.now():%Y-%m-%d-%H%M%S}{ending}"


def command_line(arguments: Sequence[str]) -> str:
    """The same as one line for a terminal of this system."""
    words = ["sslstudio", *arguments]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
