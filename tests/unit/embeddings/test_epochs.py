"""The epochs of a training as maps: each laid onto the next, said of which images, and damaged files passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sslstudio.domain import epoch_files
from sslstudio.embeddings import epochs
from sslstudio.embeddings.aligning import lay_map
from sslstudio.errors import SSLStudioError

IDS = np.arange(100, 160)


def write(folder: Path, numbers: tuple[int, ...]) -> None:
    """Two clusters that grow out of noise, turned otherwise in every epoch."""
    folder.mkdir(parents=True)
    np.savez(folder / epoch_files.SAMPLE, ids=IDS, of=np.asarray(900))
    noise = np.random.default_rng(0)
    for number in numbers:
        rng = np.random.default_rng(number)
        shape = np.where(np.arange(60) < 30, -1.0, 1.0)[:, None] * np.eye(8)[0] * number
        shape[:, 1] = np.linspace(-1, 1, 60) * number / 2
        turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
        np.save(
            epoch_files.file_of(folder, number), ((shape + noise.normal(size=(60, 8)) * 0.2) @ turn).astype(np.float16)
        )


def test_the_maps_of_the_epochs_lie_on_one_another(tmp_path: Path) -> None:
    write(tmp_path / "f", (0, 4, 9, 10))
    found = epochs.lay_out(str(tmp_path / "f"))
    assert found.epochs == (0, 4, 9, 10) and found.of == 900 and found.ids.tolist() == IDS.tolist()
    assert found.xy.shape == (4, 60, 2)
    assert np.abs(found.xy[3] - found.xy[2]).mean() < 0.2  # though the features were turned and mirrored
    assert found.kept[3] == 1.0 and found.kept[0] < 0.5 < found.kept[2]
    assert found.by_chance == pytest.approx(10 / 59)


def test_the_last_epoch_is_turned_onto_the_map_of_the_project(tmp_path: Path) -> None:
    write(tmp_path / "f", (1, 2))
    plain = epochs.lay_out(str(tmp_path / "f"))
    places = plain.xy[1][::-1] @ np.array([[0.0, 3.0], [-3.0, 0.0]]) + (5.0, 1.0)
    np.savez(tmp_path / "map.npz", ids=np.concatenate((IDS[::-1], [7])), xy=np.concatenate((places, [[0.0, 0.0]])))
    turned = epochs.lay_out(str(tmp_path / "f"), str(tmp_path / "map.npz"))
    assert np.allclose(turned.xy[1], places[::-1], atol=1e-3)
    assert np.abs(turned.xy[0] - turned.xy[1]).mean() < 1.0


def test_what_is_damaged_is_passed_over_and_without_any_it_is_said(tmp_path: Path) -> None:
    write(tmp_path / "f", (1, 2, 3))
    np.save(epoch_files.file_of(tmp_path / "f", 2), np.zeros((5, 8), np.float16))
    (tmp_path / "f" / "epoch-00004.npy.partial").write_bytes(b"half")
    assert epoch_files.stored(tmp_path / "f") == [1, 2, 3]
    assert epochs.lay_out(str(tmp_path / "f")).epochs == (1, 3)
    with pytest.raises(SSLStudioError) as nothing:
        epochs.lay_out(str(tmp_path / "none"))
    assert nothing.value.code == "no_epochs"


def test_a_whole_map_is_laid_onto_another_by_the_images_of_both(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(50, 2))
    other = np.concatenate((first[10:] * (1.0, -1.0) * 4.0 + (9.0, 9.0), rng.normal(size=(5, 2))))
    np.savez(tmp_path / "a.npz", ids=np.arange(50), xy=first)
    np.savez(tmp_path / "b.npz", ids=np.arange(10, 65)[: len(other)], xy=other)
    laid = lay_map(str(tmp_path / "a.npz"), str(tmp_path / "b.npz"))
    assert laid.common == 40 and len(laid.ids) == 45 and laid.rest == pytest.approx(0.0, abs=1e-6)
    assert np.allclose(laid.xy[:40], first[10:], atol=1e-4)
    np.savez(tmp_path / "c.npz", ids=np.arange(900, 950), xy=first)
    apart = lay_map(str(tmp_path / "a.npz"), str(tmp_path / "c.npz"))
    assert apart.common == 0 and np.allclose(apart.xy, first, atol=1e-6)
