"""A project on disk: its folders, its lock, its catalogue and its pseudonym key."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sslstudio.catalogue import Catalogue
from sslstudio.catalogue.catalogue import DATABASE_NAME
from sslstudio.errors import SSLStudioError
from sslstudio.session.project_lock import ProjectLock

SUFFIX = ".sslproj"
_KEY = "pseudonym_key"
_FOLDERS = ("pixels", "thumbnails", "runs", "embeddings", "maps", "models", "exports")


class Project:
    """An open project; made by `create` or `open`, ended by `close` or a `with` block.

    `notices` holds sentences the user should read after opening. `pseudonym_key` (32 bytes) keys the HMAC that
    stands for patients; it never leaves the project.
    """

    def __init__(self, path: Path, catalogue: Catalogue, lock: ProjectLock | None) -> None:
        self.path = path
        self.catalogue = catalogue
        self._lock = lock

    @classmethod
    def create(cls, path: Path | str) -> Project:
        """Make a new project folder and open it; adds the suffix `.sslproj`. Raises SSLStudioError ("exists")."""
        path = with_suffix(Path(path)).absolute()
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise SSLStudioError(f"{path.name} exists already.", "Choose another name or open it.", code="exists")
            for name in _FOLDERS:
                (path / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            raise SSLStudioError(
                "The project folder cannot be made.", "Choose a folder you may write to.", code="no_access"
            ) from None
        lock = ProjectLock(path / "lock")
        try:
            catalogue = Catalogue(path / DATABASE_NAME, create=True)
            catalogue.set_setting(_KEY, secrets.token_hex(32))
        except BaseException:
            lock.release()
            raise
        return cls(path, catalogue, lock)

    @classmethod
    def open(cls, path: Path | str, read_only: bool = False) -> Project:
        """Open a project; `read_only` takes no lock and may stand beside a writer.

        A folder that cannot be written, or was made by a newer version, opens read-only with a notice. Raises
        SSLStudioError: "locked" (names who holds it), "not_a_project", "newer", "damaged".
        """
        path = _existing(Path(path))
        read_only = read_only or not os.access(path, os.W_OK)
        lock = None if read_only else ProjectLock(path / "lock")
        try:
            if not read_only:
                for name in _FOLDERS:
                    (path / name).mkdir(exist_ok=True)
            catalogue = Catalogue(path / DATABASE_NAME, read_only=read_only)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        if catalogue.read_only and lock is not None:
            lock.release()
            lock = None
        return cls(path, catalogue, lock)

    def close(self) -> None:
        """Close the catalogue and let the project go; safe to call twice."""
        self.catalogue.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The folder's name without its suffix."""
        return self.path.name.removesuffix(SUFFIX)

    @property
    def read_only(self) -> bool:
        """True when nothing can be changed."""
        return self.catalogue.read_only

    @property
    def notices(self) -> list[str]:
        """Sentences the user should read after opening."""
        return list(self.catalogue.notices)

    @property
    def pseudonym_key(self) -> bytes:
        """The key of this project's pseudonyms, 32 bytes."""
        return bytes.fromhex(self.catalogue.setting(_KEY))

    def run_dir(self, run_id: str) -> Path:
        """The run directory of `run_id`."""
        return self.path / "runs" / run_id

    @property
    def pixels_dir(self) -> Path:
        return self.path / "pixels"

    @property
    def thumbnails_dir(self) -> Path:
        return self.path / "thumbnails"

    @property
    def embeddings_dir(self) -> Path:
        return self.path / "embeddings"

    @property
    def maps_dir(self) -> Path:
        return self.path / "maps"

    @property
    def models_dir(self) -> Path:
        return self.path / "models"

    @property
    def exports_dir(self) -> Path:
        return self.path / "exports"


def with_suffix(path: Path) -> Path:
    """`path` with the project suffix added if it lacks it."""
    return path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)


def _existing(path: Path) -> Path:
    for candidate in (path, with_suffix(path)):
        if (candidate / DATABASE_NAME).is_file():
            return candidate.absolute()
    raise SSLStudioError(
        "This folder is not an SSL Studio project.",
        "Choose a folder whose name ends in .sslproj.",
        code="not_a_project",
    )
