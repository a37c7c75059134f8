"""Finds plugins in their three places, says what state each is in, and loads the code of one, in a worker only.

Bundled plugins are enabled. A plugin of the user's folder or of an installed package is off until the user
agrees to it; the consent holds for the SHA-256 of its files, so changed code asks again. A plugin runs in a process
of its own: that protects the window, it is no protection against malice.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Literal

import platformdirs

from sslstudio.errors import SSLStudioError
from sslstudio.extensions.manifest import FILE_NAME, Manifest, PretextTaskEntry, read_manifest
from sslstudio.settings.settings import settings_file

ENTRY_POINTS = "sslstudio.plugins"
Source = Literal["bundled", "user", "installed"]
_LARGEST_PLUGIN = 64 << 20
_NOT_CODE = {"__pycache__", "tests", ".git"}


class PluginState(StrEnum):
    """DISCOVERED: a folder with a manifest; VALID: waits for consent; ENABLED: may run; FAILED: see the reason."""

    DISCOVERED = "discovered"
    VALID = "valid"
    ENABLED = "enabled"
    FAILED = "failed"


@dataclass(frozen=True)
class PluginInfo:
    """What is known of one plugin without running any of its code. `sha256` is over all its files."""

    id: str
    folder: Path
    source: Source
    state: PluginState
    reason: str = ""
    sha256: str = ""
    manifest: Manifest | None = None

    @property
    def record(self) -> dict[str, str]:
        """Id, version and hash, as a run's `job.json` keeps them."""
        return {"id": self.id, "version": self.manifest.version if self.manifest else "", "sha256": self.sha256}

    def task(self, task_id: str) -> PretextTaskEntry:
        """The entry of one pretext task; raises KeyError."""
        for entry in self.manifest.pretext_tasks if self.manifest else ():
            if entry.id == task_id:
                return entry
        raise KeyError(task_id)


def bundled_folder() -> Path:
    """Where first-party plugins lie: inside the wheel when installed, else the checkout's `plugins/`."""
    installed = Path(__file__).parent / "bundled"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "plugins"


def user_folder() -> Path:
    """The user's plugin folder; it need not exist."""
    return platformdirs.user_data_path("sslstudio", appauthor=False) / "plugins"


def discover() -> list[PluginInfo]:
    """All plugins, bundled first, each with its state; never raises for a broken plugin and imports no plugin code."""
    consents = _consents()
    found: list[PluginInfo] = []
    taken: dict[str, str] = {}
    for source, folder in _folders():
        info = inspect(folder, source, consents)
        if info.state is not PluginState.FAILED and info.id in taken:
            info = _failed(folder, source, f"Another plugin is called {info.id} already ({taken[info.id]}).", info.id)
        elif info.state is not PluginState.FAILED:
            taken[info.id] = source
        found.append(info)
    return found


def inspect(folder: Path, source: Source = "user", consents: dict[str, str] | None = None) -> PluginInfo:
    """What the plugin in `folder` is, without running it."""
    try:
        manifest = read_manifest(folder)
        digest = _digest(folder)
        for entry in manifest.pretext_tasks:
            _code_file(folder, entry.code)
    except SSLStudioError as error:
        return _failed(folder, source, str(error))
    except OSError:
        return _failed(folder, source, "The plugin's files cannot be read.")
    agreed = source == "bundled" or (consents or {}).get(manifest.id) == digest
    return PluginInfo(
        id=manifest.id,
        folder=folder,
        source=source,
        state=PluginState.ENABLED if agreed else PluginState.VALID,
        reason="" if agreed else "Not enabled yet.",
        sha256=digest,
        manifest=manifest,
    )


def find_plugin(task_id: str) -> PluginInfo:
    """The enabled plugin that brings the pretext task `task_id`; raises SSLStudioError when there is none."""
    candidates = [
        info
        for info in discover()
        if info.manifest is not None and any(entry.id == task_id for entry in info.manifest.pretext_tasks)
    ]
    for info in candidates:
        if info.state is PluginState.ENABLED:
            return info
    if candidates:
        raise SSLStudioError(
            f"The plugin {candidates[0].id}, which brings {task_id}, is not enabled.",
            f"Look at its source and enable it: sslstudio plugin enable {candidates[0].id}",
            code="plugin_not_enabled",
        )
    raise SSLStudioError(
        f"No plugin brings a pretext task called {task_id}.",
        "See which there are: sslstudio plugin list",
        code="unknown_task",
    )


def enable(plugin_id: str) -> PluginInfo:
    """Agree to run the code of a plugin as it is now; raises SSLStudioError when there is no such valid plugin."""
    info = _by_id(plugin_id)
    if info.source != "bundled":
        _write_consents({**_consents(), plugin_id: info.sha256})
    return _by_id(plugin_id)


def disable(plugin_id: str) -> PluginInfo:
    """Withdraw the consent; bundled plugins stay enabled."""
    _by_id(plugin_id)
    _write_consents({name: digest for name, digest in _consents().items() if name != plugin_id})
    return _by_id(plugin_id)


def load(info: PluginInfo, task_id: str) -> type:
    """Import the plugin's code and return the class of `task_id`. In a worker only: this runs foreign code.

    Raises SSLStudioError when the plugin is not enabled, its files changed since it was inspected, or the code
    fails to import.
    """
    if info.state is not PluginState.ENABLED:
        raise SSLStudioError(f"The plugin {info.id} is not enabled.", info.reason, code="plugin_not_enabled")
    if _digest(info.folder) != info.sha256:
        raise SSLStudioError(
            f"The files of the plugin {info.id} have changed.", "Start the run again.", code="plugin_changed"
        )
    return load_class(info.folder, info.task(task_id).code, info.id)


def load_class(folder: Path, code: str, plugin_id: str) -> type:
    """Import "package.module:Class" from below `folder` under a name of its own and return the class."""
    module_path, class_name = code.split(":")
    package, *rest = module_path.split(".")
    name = f"sslstudio_plugin_{plugin_id}"
    file = _code_file(folder, code)
    try:
        if name not in sys.modules:
            is_package = file.name == "__init__.py"
            spec = importlib.util.spec_from_file_location(
                name, file, submodule_search_locations=[str(file.parent)] if is_package else None
            )
            if spec is None or spec.loader is None:
                raise ImportError(package)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del sys.modules[name]
                raise
        found = getattr(importlib.import_module(".".join((name, *rest))), class_name)
    except (Exception, SystemExit) as error:  # a plugin may raise anything; its kind is safe to show, its text is not
        raise SSLStudioError(
            f"The code of the plugin {plugin_id} could not be loaded ({type(error).__name__}).",
            "Ask its author, or remove it from the plugin folder.",
            code="plugin_broken",
        ) from error
    if not isinstance(found, type):
        raise SSLStudioError(f"{class_name} of the plugin {plugin_id} is not a class.", code="plugin_broken")
    return found


def _folders() -> Iterator[tuple[Source, Path]]:
    places: tuple[tuple[Source, Path], ...] = (("bundled", bundled_folder()), ("user", user_folder()))
    for source, place in places:
        try:
            folders = sorted(path for path in place.iterdir() if path.is_dir())
        except OSError:
            continue
        for folder in folders:
            if (folder / FILE_NAME).is_file():
                yield source, folder
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        installed = _installed_folder(entry.value)
        if installed is not None:
            yield "installed", installed


def _installed_folder(value: str) -> Path | None:
    """Folder of the top-level package an entry point names, found without importing it."""
    try:
        spec = importlib.util.find_spec(value.split(":")[0].split(".")[0])
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _code_file(folder: Path, code: str) -> Path:
    """The file that starts the package of "package.module:Class": beside plugin.toml, or the folder itself."""
    package = code.split(":")[0].split(".")[0]
    for file in (folder / package / "__init__.py", folder / f"{package}.py"):
        if file.is_file():
            return file
    if folder.name == package and (folder / "__init__.py").is_file():
        return folder / "__init__.py"
    raise SSLStudioError(f"The plugin's package {package} is not beside its {FILE_NAME}.", code="no_package")


def _digest(folder: Path) -> str:
    """SHA-256 over the relative names and contents of the plugin's files, compiled files and tests left out."""
    total = 0
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if _NOT_CODE & set(relative.parts) or path.suffix == ".pyc" or not path.is_file():
            continue
        total += path.stat().st_size
        if total > _LARGEST_PLUGIN:
            raise SSLStudioError("The plugin's folder is too large.", code="plugin_too_large")
        content = path.read_bytes()
        digest.update(f"{relative.as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _failed(folder: Path, source: Source, reason: str, plugin_id: str = "") -> PluginInfo:
    return PluginInfo(
        id=plugin_id or folder.name, folder=folder, source=source, state=PluginState.FAILED, reason=reason
    )


def _by_id(plugin_id: str) -> PluginInfo:
    for info in discover():
        if info.id == plugin_id and info.state is not PluginState.FAILED:
            return info
    raise SSLStudioError(
        f"There is no usable plugin called {plugin_id}.", "See which there are: sslstudio plugin list", code="no_plugin"
    )


def _consent_file() -> Path:
    return settings_file().parent / "plugins.json"


def _consents() -> dict[str, str]:
    """Plugin id -> SHA-256 the user agreed to; empty when there is no readable file."""
    try:
        content = json.loads(_consent_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {str(name): str(digest) for name, digest in content.items()}


def _write_consents(consents: dict[str, str]) -> None:
    path = _consent_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.partial")
    temporary.write_text(json.dumps(consents, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)
