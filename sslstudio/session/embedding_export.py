"""The embeddings of a run as a file for other programs: NumPy, or Parquet with patient, label and part beside each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.errors import SSLStudioError
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 8192
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Written:
    """What was written: the file, that of the image ids (None in Parquet, which holds them), and its size."""

    file: Path
    ids: Path | None
    count: int
    dimensions: int


def write(
    project: Project,
    name: str,
    path: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    check: Callable[[], None] = lambda: None,
) -> Written:
    """Write the embeddings `name` (as in `resolve_embedding`); Parquet where `path` ends so, else NumPy.

    NumPy: float16 (N, D) as `path`, int64 (N,) of image ids as `.ids.npy` beside it. Parquet, one row an image:
    "image_id", "subject" (the pseudonym), "label", "part" and "embedding" (a list of D float32). No name of a file is
    written. Files appear when they are whole; `check` is called often and may raise to stop. Raises SSLStudioError:
    "not_embedded", "embedding_damaged", "not_written".
    """
    ids, vectors = load_embeddings(project, name)
    count, dimensions = vectors.shape
    if path.suffix.casefold() in PARQUET:
        target, beside = path, None
    else:
        target = path if path.suffix == ".npy" else path.with_name(path.name + ".npy")
        beside = target.with_suffix(".ids.npy")
    partial = target.with_name(target.name + ".partial")

    def step(done: int) -> None:
        check()
        progress(done, count)

    try:
        if beside is None:
            _write_parquet(project, partial, ids, vectors, step)
        else:
            _write_numpy(partial, vectors, step)
            _write_numpy(partial.with_name("." + partial.name), ids, lambda done: None)
            partial.with_name("." + partial.name).replace(beside)
        partial.replace(target)
    except OSError:
        raise SSLStudioError(
            "The embeddings could not be written.", "Choose another folder, or free some space.", code="not_written"
        ) from None
    finally:
        for left in (partial, partial.with_name("." + partial.name)):
            left.unlink(missing_ok=True)
    step(count)
    return Written(target, beside, int(count), int(dimensions))


def _write_numpy(path: Path, array: NDArray[np.generic], step: Callable[[int], None]) -> None:
    import numpy as np

    with path.open("wb") as stream:
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_1_0(stream, {**header, "fortran_order": False})
        for start in range(0, len(array), ROWS):
            step(start)
            stream.write(np.ascontiguousarray(array[start : start + ROWS]).tobytes())


def _write_parquet(
    project: Project,
    path: Path,
    ids: NDArray[np.int64],
    vectors: NDArray[np.float16],
    step: Callable[[int], None],
) -> None:
    import numpy as np
    import pyarrow
    from pyarrow import parquet

    known = {item.image_id: (item.subject, item.label, item.part) for item in project.catalogue.items()}
    kind = pyarrow.list_(pyarrow.float32(), vectors.shape[1])
    texts = [(name, pyarrow.string()) for name in ("subject", "label", "part")]
    schema = pyarrow.schema([("image_id", pyarrow.int64()), *texts, ("embedding", kind)])
    with parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, len(ids), ROWS):
            step(start)
            some = ids[start : start + ROWS]
            facts = [known.get(int(image_id), ("", "", "")) for image_id in some]
            flat = pyarrow.array(np.ascontiguousarray(vectors[start : start + ROWS], dtype=np.float32).ravel())
            columns = [
                pyarrow.array(some),
                *(pyarrow.array([row[n] for row in facts], pyarrow.string()) for n in range(3)),
                pyarrow.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
