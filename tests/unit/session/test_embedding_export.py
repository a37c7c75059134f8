"""Embeddings leave as NumPy or Parquet, whole or not at all, and never with a file's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from sslstudio.errors import SSLStudioError
from sslstudio.session import embedding_export, workflow
from sslstudio.session.project import Project
from tests.fakes.project_runs import embedded


def vectors(image_id: int) -> np.ndarray:
    return np.array([image_id / 8, 1, -image_id], dtype=np.float16)


def test_numpy_holds_the_same_numbers_with_ids_beside(
    filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_export, "ROWS", 7)
    run = embedded(filled, vectors)
    written = embedding_export.write(filled, run, tmp_path / "out.npy")
    ids, wanted = workflow.load_embeddings(filled, run)
    assert np.array_equal(np.load(written.file), wanted)
    assert written.ids is not None and np.array_equal(np.load(written.ids), ids)
    assert (written.count, written.dimensions) == wanted.shape
    assert {path.name for path in tmp_path.glob("*out*")} == {"out.npy", "out.ids.npy"}


def test_parquet_has_a_row_an_image(filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_export, "ROWS", 7)
    run = embedded(filled, vectors)
    written = embedding_export.write(filled, run, tmp_path / "out.parquet")
    table = parquet.read_table(written.file)
    ids, wanted = workflow.load_embeddings(filled, run)
    assert table.column_names == ["image_id", "subject", "label", "part", "embedding"]
    assert table["image_id"].to_pylist() == ids.tolist()
    assert np.array_equal(np.array(table["embedding"].to_pylist()), wanted)
    subjects = {item.image_id: item.subject for item in filled.catalogue.items()}
    assert table["subject"].to_pylist() == [subjects[image_id] for image_id in ids.tolist()]


@pytest.mark.parametrize("name", ["out.npy", "out.parquet"])
def test_stopped_or_full_leaves_nothing(filled: Project, tmp_path: Path, name: str) -> None:
    run = embedded(filled, vectors)
    target = tmp_path / "new"
    target.mkdir()

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedding_export.write(filled, run, target / name, check=stop)
    assert not [*target.iterdir()]
    with pytest.raises(SSLStudioError) as caught:
        embedding_export.write(filled, run, tmp_path / "absent" / name)
    assert caught.value.code == "not_written"
