"""The user's settings in one small JSON file; apart, because they are the only state outside projects."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError

from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError

RECENT_LIMIT = 12

Theme = Literal["system", "light", "dark"]


class Settings(Record):
    """Frozen settings: change with `model_copy(update=...)` or the methods here, then `save`.

    `scaling` is a percentage of the system's size; `shortcuts` maps action ids to key sequences ("" for none).
    """

    schema_version: Literal[1] = 1
    theme: Theme = "system"
    author: str = Field(default="", max_length=200)
    scaling: int = Field(default=100, ge=50, le=300)
    expert: bool = False
    recent_projects: tuple[str, ...] = ()
    shortcuts: dict[str, str] = Field(default_factory=dict)
    window: dict[str, str] = Field(default_factory=dict)
    """Geometry and the like, as text of the window's own making."""

    @classmethod
    def load(cls, path: Path | None = None) -> Settings:
        """The stored settings; defaults when there are none. A file that cannot be understood is kept aside."""
        path = path or settings_file()
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except OSError:
            return cls()
        except ValidationError:
            with contextlib.suppress(OSError):
                path.replace(_free_name(path))
            return cls()

    def save(self, path: Path | None = None) -> None:
        """Replace the stored settings at once; raises SSLStudioError (code "settings_not_saved")."""
        path = path or settings_file()
        partial = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".partial")
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(self.model_dump_json(indent=2))
                stream.flush()
                os.fsync(stream.fileno())
            Path(partial).replace(path)
        except OSError:
            if partial:
                Path(partial).unlink(missing_ok=True)
            raise SSLStudioError(
                "Your settings could not be saved.", "Check the space and the rights of your home folder.",
                code="settings_not_saved",
            ) from None  # fmt: skip

    def with_recent(self, project: Path | str) -> Settings:
        """The same with `project` first among the recent ones."""
        name = str(Path(project).absolute())
        others = [other for other in self.recent_projects if other != name]
        return self.model_copy(update={"recent_projects": (name, *others)[:RECENT_LIMIT]})

    def without_recent(self, project: Path | str) -> Settings:
        """The same without `project` among the recent ones."""
        name = str(Path(project).absolute())
        return self.model_copy(
            update={"recent_projects": tuple(other for other in self.recent_projects if other != name)}
        )


def settings_file() -> Path:
    """Where the settings stand on this computer."""
    return Path(platformdirs.user_config_dir("sslstudio", appauthor=False)) / "settings.json"


def _free_name(path: Path) -> Path:
    number = 1
    while (name := path.with_name(f"{path.stem}.unreadable-{number}{path.suffix}")).exists():
        number += 1
    return name
