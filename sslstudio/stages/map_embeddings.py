"""Stage: the 2-D map of an embedding with its clusters; a plain preview first, the neighbourhood map after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.specs import MapSpec
from sslstudio.embeddings import clusters, projection, quality
from sslstudio.embeddings.reduction import principal_components
from sslstudio.errors import SSLStudioError
from sslstudio.stages.context import StageContext

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


def run(spec: MapSpec, context: StageContext) -> dict[str, Any]:
    """Write `map.npz` (ids, xy, cluster) under `artifacts/`, after `preview.npz` with the principal components.

    Returns "method", "clusters", "count", "trustworthiness", "neighbours_kept" and "sample". Raises SSLStudioError
    "no_embedding", "bad_embedding", "other_images".
    """
    context.progress(0, 100, "%", "Reading embeddings")
    ids, vectors = _read(spec.embedding, context)
    components = principal_components(vectors, projection.COMPONENTS)
    context.check_cancelled()

    context.progress(15, 100, "%", "Finding groups")
    cluster = clusters.cluster_components(components, spec.clusters, spec.seed)
    preview = projection.project_components(components, "pca")
    _write("preview", ids, preview, cluster, context)
    context.check_cancelled()

    method = projection.usable_method(spec.method, len(ids))
    if method != spec.method:
        context.warn(
            "few_images",
            f"With fewer than {projection.FEWEST_FOR_LOCALMAP} images the map shows principal components.",
            "Import more images to see neighbourhoods.",
        )
    context.progress(30, 100, "%", "Arranging images")

    def report(fraction: float) -> None:
        context.progress(30 + 60 * fraction, 100, "%", "Arranging images")
        context.check_cancelled()

    xy = projection.project_components(components, method, spec.seed, report)
    context.progress(90, 100, "%", "Checking the map")
    figures = quality.map_quality(components, xy, spec.seed)
    _write("map", ids, xy, cluster, context)
    context.progress(100, 100, "%")
    n_clusters = int(cluster.max(initial=-1)) + 1
    return {"method": method, "clusters": n_clusters, "count": len(ids), **figures}


def _read(embedding: str, context: StageContext) -> tuple[Ids, NDArray[np.floating]]:
    """Ids (N,) and embeddings (N, D) of an embed run, whether the project has taken them over yet or not."""
    runs = context.run_dir.parent
    places = (
        (runs.parent / "embeddings" / f"{embedding}.npy", runs.parent / "embeddings" / f"{embedding}.ids.npy"),
        (runs / embedding / "artifacts" / "embeddings.npy", runs / embedding / "artifacts" / "image_ids.npy"),
    )
    for vectors_file, ids_file in places:
        if vectors_file.is_file() and ids_file.is_file():
            ids, vectors = _load(ids_file), _load(vectors_file, mapped=True)
            break
    else:
        raise SSLStudioError(
            f"There are no embeddings called {embedding}.", "Embed the images first.", code="no_embedding"
        )
    if (
        vectors.ndim != 2
        or not len(vectors)
        or ids.shape != (len(vectors),)
        or not np.issubdtype(vectors.dtype, np.floating)
    ):
        raise SSLStudioError(f"The embeddings {embedding} are damaged.", "Embed again.", code="bad_embedding")
    return _listed_only(ids, vectors, context)


def _load(path: Path, *, mapped: bool = False) -> NDArray[Any]:
    try:
        found: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise SSLStudioError("The embeddings are damaged.", "Embed again.", code="bad_embedding") from None
    return found


def _listed_only(ids: Ids, vectors: NDArray[np.floating], context: StageContext) -> tuple[Ids, NDArray[np.floating]]:
    """Keep the rows of the images on the run's list, in the order of the embeddings; an empty list means all."""
    wanted = np.asarray([item.image_id for item in context.items()], dtype=np.int64)
    if not len(wanted) or np.array_equal(wanted, ids):
        return ids.astype(np.int64), vectors
    rows = np.flatnonzero(np.isin(ids, wanted))
    if not len(rows):
        raise SSLStudioError(
            "None of the images of this map has an embedding.", "Embed the images again.", code="other_images"
        )
    if len(rows) < len(wanted):
        missing = len(wanted) - len(rows)
        context.warn("not_embedded", f"{missing} images are not on the map.", "Embed the images again to see them.")
    return ids[rows].astype(np.int64), vectors[rows]


def _write(name: str, ids: Ids, xy: Floats, cluster: NDArray[np.int32], context: StageContext) -> None:
    path = context.artifact_path(f"{name}.npz")
    partial = path.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.savez(stream, ids=ids, xy=xy.astype(np.float32), cluster=cluster.astype(np.int32))
    partial.replace(path)
    context.artifact(name, path)
