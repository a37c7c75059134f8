"""The system libraries that the window and its tests need on Linux: which are missing, and how to get them.

PySide6's wheels carry Qt itself but not the libraries of the desktop below it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple, Sequence

from installer.console import SetupError, output_of, run, say


class Library(NamedTuple):
    """One shared library by its soname, and the package that holds it for each package manager."""

    soname: str
    apt: str
    dnf: str
    pacman: str


WINDOW = (
    Library("libGL.so.1", "libgl1", "mesa-libGL", "libglvnd"),
    Library("libEGL.so.1", "libegl1", "mesa-libEGL", "libglvnd"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    Library("libfreetype.so.6", "libfreetype6", "freetype", "freetype2"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    Library("libX11.so.6", "libx11-6", "libX11", "libx11"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
    Library("libxcb.so.1", "libxcb1", "libxcb", "libxcb"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util", "xcb-util"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb"),
    Library("libxcb-render.so.0", "libxcb-render0", "libxcb", "libxcb"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    Library("libxcb-shm.so.0", "libxcb-shm0", "libxcb", "libxcb"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb", "libxcb"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
)
FONTS = Library("", "fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu")
SCREEN = Library("", "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


def _loads(soname: str) -> bool:
    """Whether the dynamic loader finds the library; asks the loader itself, so every search path counts."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def _has_fonts() -> bool:
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    return any(next(folder.rglob("*.[to]tf"), None) is not None for folder in folders if folder.is_dir())


def missing(*, for_tests: bool) -> list[Library]:
    """What this Linux machine lacks for the window, and with `for_tests` for a virtual screen; empty elsewhere."""
    if not sys.platform.startswith("linux"):
        return []
    lacking = [library for library in WINDOW if not _loads(library.soname)]
    if not _has_fonts():
        lacking.append(FONTS)
    if for_tests and shutil.which("Xvfb") is None:
        lacking.append(SCREEN)
    return lacking


def _packages(lacking: Sequence[Library], manager: str) -> list[str]:
    return sorted({str(getattr(library, manager)) for library in lacking})


def install_command(lacking: Sequence[Library]) -> str:
    """The line an administrator types on this machine, or one line for each known package manager."""
    lines = {
        "apt-get": "apt-get install " + " ".join(_packages(lacking, "apt")),
        "dnf": "dnf install " + " ".join(_packages(lacking, "dnf")),
        "pacman": "pacman -S " + " ".join(_packages(lacking, "pacman")),
    }
    here = [line for name, line in lines.items() if shutil.which(name)]
    return "\n".join(f"    sudo {line}" for line in (here[:1] or lines.values()))


def administrator() -> list[str] | None:
    """The prefix that runs a command as administrator without asking anyone, or None if there is none."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is not None and output_of([sudo, "-n", "true"]) is not None:
        return [sudo, "-n"]
    return None


def apt_install(packages: Sequence[str]) -> bool:
    """Install Debian packages if this is Debian or Ubuntu and nobody must be asked; True when it worked."""
    prefix = administrator() if shutil.which("apt-get") else None
    if prefix is None:
        return False
    env: dict[str, str] = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = [*prefix, "apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0"]
    install = [*command, "install", "--no-install-recommends", *packages]
    say("installing with apt-get: " + " ".join(packages))
    if run(install, env, aside=True) == 0:
        return True
    return run([*command, "update"], env, aside=True) == 0 and run(install, env, aside=True) == 0


def ensure(*, for_tests: bool) -> None:
    """Install what is missing where that needs no question; else raise SetupError naming the exact packages."""
    lacking = missing(for_tests=for_tests)
    if not lacking:
        return
    say(f"{len(lacking)} system libraries or programs are missing")
    if apt_install(_packages(lacking, "apt")):
        lacking = missing(for_tests=for_tests)
    if lacking:
        raise SetupError(
            "Some system libraries that the window needs are missing and could not be installed from here.",
            "Install them as an administrator, then run this command again:\n" + install_command(lacking),
        )
