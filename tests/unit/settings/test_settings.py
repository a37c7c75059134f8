"""The user's settings: round trip, defaults, a file that cannot be understood kept aside, recent projects."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sslstudio.errors import SSLStudioError
from sslstudio.settings import RECENT_LIMIT, Settings, settings_file


def test_without_a_file_the_defaults_hold() -> None:
    assert not settings_file().exists()
    assert Settings.load() == Settings()


@given(
    st.builds(
        Settings,
        theme=st.sampled_from(["system", "light", "dark"]),
        author=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        scaling=st.integers(50, 300),
        expert=st.booleans(),
        shortcuts=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.just("Ctrl+K"), max_size=3),
    )
)
def test_what_is_saved_is_loaded(settings: Settings) -> None:
    settings.save()
    assert Settings.load() == settings
    assert [p.name for p in settings_file().parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"theme": "pink"}', b'{"from_the_future": 1}', b"[]"])
def test_a_file_that_cannot_be_understood_is_kept_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    for number in (1, 2):
        path.write_bytes(content)
        assert Settings.load(path) == Settings()
        assert (tmp_path / f"settings.unreadable-{number}.json").read_bytes() == content
    Settings(theme="dark").save(path)
    assert Settings.load(path).theme == "dark"


def test_settings_that_cannot_be_saved_are_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SSLStudioError) as caught:
        Settings().save(tmp_path / "file" / "settings.json")
    assert caught.value.code == "settings_not_saved"


def test_recent_projects_are_ordered_unique_and_few(tmp_path: Path) -> None:
    settings = Settings()
    for number in range(RECENT_LIMIT + 5):
        settings = settings.with_recent(tmp_path / f"p{number}.sslproj")
    assert len(settings.recent_projects) == RECENT_LIMIT
    settings = settings.with_recent(tmp_path / "p10.sslproj")
    assert settings.recent_projects[0] == str(tmp_path / "p10.sslproj")
    assert len(set(settings.recent_projects)) == RECENT_LIMIT
    settings = settings.without_recent(tmp_path / "p10.sslproj")
    assert str(tmp_path / "p10.sslproj") not in settings.recent_projects


def test_settings_are_checked() -> None:
    with pytest.raises(ValidationError):
        Settings(scaling=20)
    with pytest.raises(ValidationError):
        Settings.model_validate({"colour": "red"})
