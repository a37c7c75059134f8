"""A new plugin: named after its folder, never over what is there, a package that others can install."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host, template


def code(folder: Path, title: str = "") -> str:
    with pytest.raises(SSLStudioError) as refused:
        template.write(folder, title)
    return refused.value.code


def test_a_new_plugin_is_found_in_the_users_folder_and_waits_for_consent() -> None:
    template.write(host.user_folder() / "my-idea", 'My "idea"\nhere')
    info = next(info for info in host.discover() if info.id == "my_idea")
    assert (info.source, info.state) == ("user", host.PluginState.VALID)
    assert info.task("my_idea").title == "My 'idea' here"


@pytest.mark.parametrize("name", ["2d", "class", "Größe", "my idea", "_own", "x" * 41, "Upper"])
def test_a_name_that_no_package_can_have_is_refused(tmp_path: Path, name: str) -> None:
    assert code(tmp_path / name) == "bad_plugin_name"
    assert not (tmp_path / name).exists()


def test_nothing_is_written_over_and_no_name_is_taken_twice(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    assert code(tmp_path / "mine") == "plugin_exists"
    assert code(tmp_path / "simclr") == "plugin_id_taken"
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert code(tmp_path / "file") == "plugin_exists"


@pytest.mark.slow
def test_as_a_package_it_is_found_by_its_entry_point_and_its_own_test_passes(tmp_path: Path) -> None:
    folder = tmp_path / "neat_trick"
    template.write(folder)
    assert tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == "0.1.0"
    build = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=folder, capture_output=True, text=True, check=True
    )
    site = tmp_path / "site"
    with zipfile.ZipFile(tmp_path / done.stdout.split()[-1]) as wheel:
        wheel.extractall(site)
    look = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from sslstudio.extensions import host\n"
        "host.enable('neat_trick')\n"
        "info = host.find_plugin('neat_trick')\n"
        "assert 'neat_trick' not in sys.modules\n"
        "print(info.source, info.state.value, host.load(info, 'neat_trick').__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", look, str(site)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["installed", "enabled", "NeatTrick"]
    own = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "tests")]
    assert subprocess.run(own, cwd=folder, capture_output=True, check=False).returncode == 0
