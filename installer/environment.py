"""The checkout's `.venv`: uv, a fitting Python, the locked packages, the project itself; quick when nothing changed."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

from installer.console import Argument, SetupError, installer_environment, output_of, run, say
from installer.system_libraries import apt_install

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "installer" / "requirements.lock"
UV_LOCK = ROOT / "installer" / "uv.lock"
PRIVATE_UV = ROOT / ".setup" / "uv"
RECORD = VENV / "sslstudio-setup.json"
OLDEST, NEWEST = (3, 11), (3, 13)
WANTED_PYTHON = ">=3.11,<3.14"
OLDEST_UV = (0, 6, 9)
NEEDED_GIB = 10


def program(name: str, folder: Path = VENV) -> Path:
    """Path of an executable inside a virtual environment."""
    return folder / ("Scripts" if os.name == "nt" else "bin") / (name + (".exe" if os.name == "nt" else ""))


def python() -> Path:
    """The interpreter of the checkout's environment."""
    return program("python")


def ensure() -> None:
    """Make the environment what the lock says; returns at once when the last complete set-up was for the same lock."""
    backend = torch_backend()
    record = {"inputs": _inputs(backend), "torch": backend, "python": _python_version(python()) or ""}
    if record["python"] and _read_record() == record:
        return
    uv = find_uv()
    _make_venv(uv)
    _install(uv, backend)
    record["python"] = _python_version(python()) or ""
    RECORD.write_text(json.dumps(record, indent=2), encoding="utf-8")
    say("ready")


def torch_backend() -> str:
    """Which build of PyTorch this machine gets: "locked" as the lock has it, or "auto" when uv must match a driver.

    On Linux the locked wheel is the CUDA build and runs without a GPU too; on macOS it knows the Apple GPU. On Windows
    it is for the CPU alone, so a machine with an NVIDIA driver needs the build that matches the driver.
    """
    if sys.platform != "win32":
        return "locked"
    try:
        ctypes.CDLL("nvcuda.dll")
    except OSError:
        return "locked"
    return "auto"


def _inputs(backend: str) -> str:
    """A digest of all that decides what is installed: lock, project file, torch build, place of the checkout."""
    digest = hashlib.sha256()
    for part in (LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), backend.encode(), str(ROOT).encode()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _read_record() -> object:
    try:
        return json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _python_version(interpreter: Path) -> str | None:
    """The version of an interpreter when it runs and fits the project, for example "3.12.4"."""
    if not interpreter.exists():
        return None
    version = output_of([interpreter, "-I", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])
    if version is None:
        return None
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return version if OLDEST <= numbers <= NEWEST else None


def find_uv() -> Path:
    """uv from the PATH if it is recent enough, else a private copy under `.setup/`, installed now if need be."""
    on_path = shutil.which("uv")
    for candidate in (Path(on_path) if on_path else None, program("uv", PRIVATE_UV)):
        if candidate is not None and _uv_fits(candidate):
            return candidate
    return _install_private_uv()


def _uv_fits(uv: Path) -> bool:
    text = output_of([uv, "--version"]) or ""
    found = re.match(r"uv (\d+)\.(\d+)\.(\d+)", text)
    return found is not None and tuple(int(part) for part in found.groups()) >= OLDEST_UV


def _install_private_uv() -> Path:
    say("getting uv, the package installer, into .setup/ (about 25 MB)")
    shutil.rmtree(str(PRIVATE_UV), ignore_errors=True)
    make: list[Argument] = [sys.executable, "-m", "venv", PRIVATE_UV]
    if output_of(make) is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not apt_install([package]) or output_of(make) is None:
            raise SetupError(
                "This Python has no working venv module, so the package installer cannot be set up.",
                f"On Debian or Ubuntu: sudo apt-get install {package}. Or install uv and run this command again.",
            )
    pip: list[Argument] = [program("python", PRIVATE_UV), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    if run([*pip, "--only-binary", ":all:", "--require-hashes", "-r", UV_LOCK], aside=True) != 0:
        raise SetupError(
            "The package installer uv could not be downloaded.",
            "Check the network or set pip's mirror (PIP_INDEX_URL), or install uv yourself, then run this again.",
        )
    return program("uv", PRIVATE_UV)


def _make_venv(uv: Path) -> None:
    if _python_version(python()) is not None:
        return
    if VENV.exists():
        say("the environment in .venv does not work with this project's Python (3.11 to 3.13); making it anew")
        shutil.rmtree(str(VENV))
    running = OLDEST <= sys.version_info[:2] <= NEWEST
    request = sys.executable if running else WANTED_PYTHON
    say(f"making .venv with Python {'.'.join(map(str, sys.version_info[:3])) if running else '3.11 to 3.13'}")
    if run([uv, "venv", "--quiet", "--python", request, VENV], installer_environment(), aside=True) != 0:
        raise SetupError(
            "No Python 3.11, 3.12 or 3.13 was found on this machine, and none could be downloaded.",
            "Install one of them (Debian or Ubuntu: sudo apt-get install python3.11 python3.11-venv), then try again.",
        )


def _install(uv: Path, backend: str) -> None:
    free = shutil.disk_usage(str(ROOT)).free / 2**30
    fresh = not RECORD.exists()
    if fresh and free < NEEDED_GIB:
        raise SetupError(
            f"The disk has {free:.1f} GiB free; the packages need about {NEEDED_GIB} GiB while they are installed.",
            "Free some space, or move the checkout to a larger disk, then run this command again.",
        )
    if fresh:
        size = "3 GB to download, 6 GB on disk" if sys.platform.startswith("linux") else "1 GB to download"
        say(f"installing the locked packages (the first time about {size}: PyTorch and its GPU libraries are large)")
    env = installer_environment()
    install: list[Argument] = [uv, "pip", "install", "--python", python()]
    locked = [*install, "--compile-bytecode", "--require-hashes", "--build-constraints", LOCK, "-r", LOCK]
    if run(locked, env, aside=True) != 0:
        raise SetupError(
            "The locked packages could not be installed; the lines above say which one failed.",
            "Check the network and the free disk space, then run this command again: it goes on where it stopped.",
        )
    if backend == "auto":
        _match_torch_to_driver([*install, "--torch-backend=auto"], env)
    if run([*install, "--quiet", "--no-deps", "--no-build-isolation", "-e", ROOT], env, aside=True) != 0:
        raise SetupError("SSL Studio itself could not be installed into .venv.", "Remove .venv and run this again.")
    # Window and workers start in a fraction of the time when nothing is left to compile; not a reason to fail.
    run([python(), "-m", "compileall", "-q", ROOT / "sslstudio", ROOT / "plugins"], env, aside=True)


def _match_torch_to_driver(install: list[Argument], env: dict[str, str]) -> None:
    """Replace the CPU build of the locked torch and torchvision by the one for this machine's NVIDIA driver."""
    pins = re.findall(r"^(?:torch|torchvision)==[^ ;\\]+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    say("an NVIDIA driver is present: getting the matching build of PyTorch (about 3 GB)")
    command = [*install, "--no-deps", "--reinstall-package", "torch", "--reinstall-package", "torchvision", *pins]
    if run(command, env, aside=True) != 0:
        raise SetupError(
            "The PyTorch build for this machine's NVIDIA driver could not be downloaded.",
            "Check the network, then run this command again.",
        )
