"""Stage: the 2-D map of an embedding with its clusters; a plain preview first, the neighbourhood map after it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.specs import MapSpec
from sslstudio.embeddings import clusters, placing, projection, quality
from sslstudio.embeddings.density import density_groups
from sslstudio.embeddings.map_files import read_map
from sslstudio.embeddings.reduction import principal_components
from sslstudio.errors import SSLStudioError
from sslstudio.stages import embedding_files
from sslstudio.stages.context import Cancelled, StageContext

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
Groups = NDArray[np.int32]
PREVIEW_SECONDS = 2.0
"""At most so often the layout so far is written for whoever looks on."""


def run(spec: MapSpec, context: StageContext) -> dict[str, Any]:
    """Write `map.npz` (ids, xy, cluster) under `artifacts/`, after `preview.npz` with the principal components.

    While images are arranged, `preview.npz` is replaced by the layout so far. Who stops then keeps that layout.
    Returns "method", "clusters", "count", "trustworthiness", "neighbours_kept" and "sample"; "grouping" ("kmeans",
    "density"); with `spec.keep` "kept" and "placed", the images that stood and that came to them; "arranged" where that
    is a sample; "stopped" where that was asked for. Raises SSLStudioError "no_embedding", "bad_embedding",
    "other_images", "map_damaged", "no_map".
    """
    context.progress(0, 100, "%", "Reading embeddings")
    ids, vectors = _listed_only(*embedding_files.read(spec.embedding, context.run_dir.parent), context)
    components = principal_components(vectors, projection.COMPONENTS)
    context.check_cancelled()
    if spec.keep:
        xy, cluster, told = _placed(spec, ids, components, context)
    else:
        xy, cluster, told = _anew(spec, ids, components, context)
    context.progress(90, 100, "%", "Checking the map")
    figures = quality.map_quality(components, xy, spec.seed)
    _write("map", ids, xy, cluster, context)
    context.progress(100, 100, "%")
    return {"clusters": len(np.unique(cluster[cluster >= 0])), "count": len(ids), **told, **figures}


def _anew(
    spec: MapSpec, ids: Ids, components: Floats, context: StageContext
) -> tuple[Floats, Groups, dict[str, object]]:
    """All images arranged; and what there is to tell of it."""
    context.progress(15, 100, "%", "Finding groups")
    preview = projection.project_components(components, "pca")
    cluster = np.zeros(len(ids), dtype=np.int32)
    if spec.grouping == "kmeans":
        cluster = clusters.cluster_components(components, spec.clusters, spec.seed)
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
    told: dict[str, object] = {"method": method, "grouping": spec.grouping}
    written = time.monotonic()

    def report(fraction: float) -> None:
        context.progress(30 + 60 * fraction, 100, "%", "Arranging images")
        try:
            context.check_cancelled()
        except Cancelled:
            told["stopped"] = True
            raise projection.Stopped from None

    def show(rows: Ids, layout: Floats) -> None:
        nonlocal written
        if time.monotonic() - written >= PREVIEW_SECONDS:
            with contextlib.suppress(OSError):  # somebody is reading the one before
                _store(context.artifact_path("preview.npz"), ids[rows], layout, cluster[rows])
            written = time.monotonic()

    xy = projection.project_components(components, method, spec.seed, report, show)
    if len(projection.arranged_rows(len(ids), spec.seed)) < len(ids) and method == "localmap":
        told["arranged"] = projection.SAMPLE
    if spec.grouping == "density":
        cluster = density_groups(xy, spec.seed)
    return xy, cluster, told


def _placed(
    spec: MapSpec, ids: Ids, components: Floats, context: StageContext
) -> tuple[Floats, Groups, dict[str, object]]:
    """The map `spec.keep` as it stands, and the other images among their neighbours on it."""
    context.progress(30, 100, "%", "Placing new images")
    old_ids, old_xy, old_cluster = read_map(context.run_dir.parent.parent / "maps" / f"{Path(spec.keep).name}.npz")
    _, here, there = np.intersect1d(ids, old_ids, assume_unique=True, return_indices=True)
    if not len(here):
        raise SSLStudioError("None of these images is on the map.", "Make it anew.", code="no_map")
    xy = np.empty((len(ids), 2), dtype=np.float32)
    cluster = np.empty(len(ids), dtype=np.int32)
    xy[here], cluster[here] = old_xy[there], old_cluster[there]
    new = np.setdiff1d(np.arange(len(ids)), here, assume_unique=True)
    if len(new):
        rows, distances = placing.near(components[here], components[new])
        context.check_cancelled()
        xy[new] = placing.placed(xy[here], rows, distances)
        cluster[new] = placing.voted(cluster[here], rows, distances)
    return xy, cluster, {"method": "placed", "kept": len(here), "placed": len(new)}


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


def _write(name: str, ids: Ids, xy: Floats, cluster: Groups, context: StageContext) -> None:
    path = context.artifact_path(f"{name}.npz")
    _store(path, ids, xy, cluster)
    context.artifact(name, path)


def _store(path: Path, ids: Ids, xy: Floats, cluster: Groups) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.savez(stream, ids=ids, xy=xy.astype(np.float32), cluster=cluster.astype(np.int32))
    partial.replace(path)
