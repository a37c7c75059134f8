"""The plugin host: states, consent bound to the hash, broken plugins listed, no code run before a worker asks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.extensions.host import PluginState

CODE = """
from pathlib import Path
Path(__file__).with_name("imported").touch()
from .part import Task
"""


def make(folder: Path, name: str = "tiny", code: str = CODE) -> Path:
    package = folder / name / name
    package.mkdir(parents=True)
    (folder / name / "plugin.toml").write_text(
        f'id = "{name}"\nname = "X"\nversion = "0.1"\napi = 1\nlicence = "MIT"\n'
        f'[[pretext_tasks]]\nid = "{name}"\ntitle = "X"\ncode = "{name}:Task"\n',
        encoding="utf-8",
    )
    (package / "__init__.py").write_text(code, encoding="utf-8")
    (package / "part.py").write_text("class Task:\n    pass\n", encoding="utf-8")
    return folder / name


@pytest.fixture
def plugins() -> Path:
    folder = host.user_folder()
    folder.mkdir(parents=True)
    return folder


def state_of(plugin_id: str) -> PluginState:
    return next(info.state for info in host.discover() if info.id == plugin_id)


def test_bundled_plugins_are_enabled() -> None:
    info = host.find_plugin("simclr")
    assert info.source == "bundled"
    assert info.state is PluginState.ENABLED
    assert info.record == {"id": "simclr", "version": "1.0.0", "sha256": info.sha256}
    assert len(info.sha256) == 64


def test_a_users_plugin_is_off_until_enabled_and_asks_again_when_its_code_changes(plugins: Path) -> None:
    folder = make(plugins)
    assert state_of("tiny") is PluginState.VALID
    with pytest.raises(SSLStudioError, match="not enabled"):
        host.find_plugin("tiny")
    assert host.enable("tiny").state is PluginState.ENABLED
    assert host.find_plugin("tiny").folder == folder
    (folder / "tiny" / "part.py").write_text("class Task:\n    changed = True\n", encoding="utf-8")
    assert state_of("tiny") is PluginState.VALID
    host.enable("tiny")
    assert host.disable("tiny").state is PluginState.VALID
    assert not (folder / "tiny" / "imported").exists()


def test_code_is_imported_only_by_load_and_under_a_name_of_its_own(plugins: Path) -> None:
    folder = make(plugins, "loaded")
    info = host.enable("loaded")
    found = host.load(info, "loaded")
    assert found.__name__ == "Task"
    assert (folder / "loaded" / "imported").exists()
    assert "loaded" not in sys.modules
    (folder / "loaded" / "part.py").write_text("1/0", encoding="utf-8")
    with pytest.raises(SSLStudioError, match="have changed"):
        host.load(info, "loaded")


@pytest.mark.parametrize("code", ["raise RuntimeError('secret name')", "def (", "x = 1"])
def test_broken_code_is_one_sentence_without_its_text(plugins: Path, code: str) -> None:
    make(plugins, "broken", code)
    info = host.enable("broken")
    with pytest.raises(SSLStudioError, match="could not be loaded") as caught:
        host.load(info, "broken")
    assert "secret" not in str(caught.value)


def test_broken_plugins_are_listed_with_their_reason_and_stop_nothing(plugins: Path) -> None:
    (plugins / "bad").mkdir()
    (plugins / "bad" / "plugin.toml").write_bytes(b"\xff\xfe")
    make(plugins, "empty")
    (plugins / "empty" / "empty" / "__init__.py").unlink()
    make(plugins, "simclr")
    (plugins / "no-manifest").mkdir()
    reasons = {info.folder.name: info.reason for info in host.discover() if info.state is PluginState.FAILED}
    assert set(reasons) == {"bad", "empty", "simclr"}
    assert "TOML" in reasons["bad"]
    assert "package" in reasons["empty"]
    assert "called simclr already" in reasons["simclr"]
    assert host.find_plugin("simclr").source == "bundled"


def test_an_unknown_task_is_said() -> None:
    with pytest.raises(SSLStudioError, match="No plugin brings"):
        host.find_plugin("levitation")


def test_an_installed_package_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "installed_tiny"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError", encoding="utf-8")
    (package / "plugin.toml").write_text(
        'id = "installed_tiny"\nname = "X"\nversion = "0.1"\napi = 1\nlicence = "MIT"\n'
        '[[pretext_tasks]]\nid = "installed_tiny"\ntitle = "X"\ncode = "installed_tiny:Task"\n',
        encoding="utf-8",
    )
    facts = tmp_path / "installed_tiny-0.1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: installed-tiny\nVersion: 0.1\n", encoding="utf-8")
    (facts / "entry_points.txt").write_text("[sslstudio.plugins]\ntiny = installed_tiny\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    info = next(info for info in host.discover() if info.id == "installed_tiny")
    assert (info.source, info.state) == ("installed", PluginState.VALID)
    assert "installed_tiny" not in sys.modules


def test_every_bundled_method_says_what_its_figures_rest_on() -> None:
    bundled = [info for info in host.discover() if info.source == "bundled"]
    said = {entry.id: entry.evidence for info in bundled if info.manifest for entry in info.manifest.pretext_tasks}
    assert len(said) >= 17
    assert not [name for name, words in said.items() if not words.endswith(".") or "this program" not in words]
