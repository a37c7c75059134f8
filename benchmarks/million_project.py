"""Writes a project of very many images without importing them.

    python benchmarks/million_project.py DIR [--images N] [--map]

Rows are written by plain SQL; all images share the pixels and thumbnails of a few thousand drawn pictures, so that a
million images take some hundred megabytes. Patients have 20 images in two series each. `--map` adds an embedding with
a map in twelve groups. For measuring, not for use.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sslstudio.catalogue.catalogue import DATABASE_NAME  # noqa: E402
from sslstudio.domain.specs import EmbedSpec, MapSpec, PretrainSpec  # noqa: E402
from sslstudio.importers.pixel_cache import PixelCacheWriter  # noqa: E402
from sslstudio.importers.rendering import look_of  # noqa: E402
from sslstudio.importers.thumbnails import ThumbnailWriter, encode  # noqa: E402
from sslstudio.session.project import Project  # noqa: E402
from tests.gui.image_project import add_run  # noqa: E402

PICTURES = 4096
SIDE = 64
A_SERIES = 10
RUN = "import-1"
GROUPS = 12

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
_STATEMENTS = (
    """INSERT INTO subjects (subject_id, pseudonym) SELECT n, printf('%016x', n * 2654435761) FROM numbers
       WHERE n <= ({series} + 1) / 2""",
    """INSERT INTO studies (study_id, subject_id, pseudonym) SELECT n, n, printf('%016x', n * 40503) FROM numbers
       WHERE n <= ({series} + 1) / 2""",
    """INSERT INTO series (series_id, study_id, pseudonym) SELECT n, (n + 1) / 2, printf('%016x', n * 69069)
       FROM numbers WHERE n <= {series}""",
    """INSERT INTO images (image_id, digest, frame, pixel_digest, series_id, modality, body_part, laterality, view,
           scanner, bits, slope, intercept, low, high, instance_number, slice_position, shard, "offset", height, width,
           channels, dtype, run_id, place, auto_low, auto_high, least, greatest, finished)
       SELECT n, printf('%064x', n), 0, printf('%064x', n), (n - 1) / {a_series} + 1,
           CASE n % 3 WHEN 0 THEN 'CT' WHEN 1 THEN 'MR' ELSE 'CR' END, 'CHEST', '', '', printf('Maker %d', n % 7),
           8, 1.0, 0.0, 0.0, 255.0, n % {a_series}, n % {a_series} * 5.0, '{run}.bin', n % {pictures} * {bytes},
           {side}, {side}, 1, 'uint8', '{run}', n % {a_series}, 0.0, 255.0, 0.0, 255.0, 1 FROM numbers""",
    """INSERT INTO locations (location_id, path, size, modified_ns, digest, name)
       SELECT n, printf('/images/%07d/%d.dcm', n / 20, n), 4096, n, printf('%064x', n), printf('%d.dcm', n)
       FROM numbers""",
    "INSERT INTO image_locations (image_id, location_id) SELECT n, n FROM numbers",
    """INSERT INTO ledger (location_id, run_id, status, code, reason, hint, images, dry)
       SELECT n, '{run}', 'imported', 'imported', '', '', 1, 0 FROM numbers""",
)


def write(path: Path, images: int, *, with_map: bool = False) -> Path:
    """A project of `images` images at `path`, in place of what stands there; returns its folder."""
    shutil.rmtree(path, ignore_errors=True)
    with Project.create(path) as project:
        folder, look = project.path, look_of(project.catalogue.rendering())
    _write_pictures(folder, look)
    values = {
        "series": -(-images // A_SERIES), "a_series": A_SERIES, "pictures": PICTURES, "bytes": SIDE * SIDE,
        "side": SIDE, "run": RUN, "count": images,
    }  # fmt: skip
    connection = sqlite3.connect(folder / DATABASE_NAME)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        with connection:
            for statement in _STATEMENTS:
                insert, select = statement.split("SELECT", 1)
                connection.execute(f"{insert} {_NUMBERS} SELECT {select}".format(**values))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
    if with_map:
        _add_map(folder)
    return folder


def _add_map(folder: Path) -> None:
    """A training, its embedding (16 dimensions) and a map of it in twelve groups."""
    with Project.open(folder) as project:
        ids = np.asarray(project.catalogue.image_ids(), dtype=np.int64)
        rng = np.random.default_rng(0)
        groups = np.sort(rng.integers(0, GROUPS, len(ids))).astype(np.int32)[rng.permutation(len(ids))]
        vectors = rng.normal(size=(GROUPS, 16))[groups] * 3 + rng.normal(size=(len(ids), 16))
        width = rng.uniform(0.3, 1.5, GROUPS)[groups][:, None]
        xy = (rng.normal(size=(GROUPS, 2)) * 4)[groups] + rng.normal(size=(len(ids), 2)) * width
        add_run(project, "simclr-1", "pretrain", PretrainSpec(), {})
        add_run(project, "embed-1", "embed", EmbedSpec(source="simclr-1"), {"count": len(ids), "dimensions": 16})
        add_run(project, "map-1", "map_embeddings", MapSpec(embedding="embed-1"), {"method": "pca", "clusters": GROUPS})
        np.save(project.embeddings_dir / "embed-1.npy", vectors.astype(np.float16))
        np.save(project.embeddings_dir / "embed-1.ids.npy", ids)
        np.savez(project.maps_dir / "map-1.npz", ids=ids, xy=xy.astype(np.float32), cluster=groups)


def _write_pictures(folder: Path, look: str) -> None:
    """Blobs on a slope of grey, each different, with their thumbnails."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    with (
        PixelCacheWriter(folder / "pixels" / f"{RUN}.bin") as cache,
        ThumbnailWriter(folder / "thumbnails" / f"{RUN}.sqlite", look=look) as thumbnails,
    ):
        rows = []
        for number in range(PICTURES):
            left, top, size = rng.uniform(12, 52), rng.uniform(12, 52), rng.uniform(4, 14)
            shade = 60 + x * (number % 5) / 2 + 150 * np.exp(-((x - left) ** 2 + (y - top) ** 2) / size**2)
            pixels = np.clip(shade + rng.normal(0, 6, shade.shape), 0, 255).astype(np.uint8)[:, :, None]
            rows.append((cache.append(pixels).offset, encode(pixels)))
        thumbnails.add(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--map", action="store_true")
    chosen = parser.parse_args()
    started = time.monotonic()
    written = write(chosen.folder, chosen.images, with_map=chosen.map)
    print(f"{written}: {chosen.images:,} images in {time.monotonic() - started:.0f} s")
