"""Where the user was is kept beside the database, read leniently, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.session.place import FILE_NAME, Place


def test_a_place_is_found_again(tmp_path: Path) -> None:
    place, heard = Place(tmp_path), []
    place.changed.connect(lambda: heard.append(1))
    place.note(page="label", image=7)
    place.note(page="label")
    place.note(label_mode="case")
    assert len(heard) == 2, "only what is new is told"
    place.save()
    again = Place(tmp_path)
    assert (again.page, again.image, again.label_mode) == ("label", 7, "case")


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"page": 3, "image": "x", "label_mode": null}', '{"image": true}'])
def test_a_damaged_place_is_no_place(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    place = Place(tmp_path)
    assert (place.page, place.image, place.label_mode) == ("", None, "")


def test_a_project_for_reading_keeps_none(tmp_path: Path) -> None:
    place = Place(tmp_path, read_only=True)
    place.note(page="data")
    place.save()
    assert not (tmp_path / FILE_NAME).exists()
    missing = Place(tmp_path / "gone")
    missing.note(page="data")
    missing.save()
