"""Ends runs of a project as their workers would: ledgers, embeddings, maps and packages on disk, last event written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.runs import EVENT, Done, Event, Failed, Started
from sslstudio.domain.specs import EmbedSpec, ImportSpec, MapSpec
from sslstudio.session.project import Project
from sslstudio.session.workflow import adopt, prepare_embed, prepare_import, prepare_map
from tests.fakes.catalogue_rows import patients, write_pixels


def write_events(run_dir: Path, *events: Event) -> None:
    """Append events as a worker does."""
    with (run_dir / "events.jsonl").open("ab") as stream:
        stream.writelines(EVENT.dump_json(event) + b"\n" for event in events)


def end(project: Project, run_id: str, **result: object) -> None:
    """The run ends well."""
    now = time.time()
    write_events(project.run_dir(run_id), Started(at=now, pid=1), Done(at=now, result=result))


def end_cancelled(project: Project, run_id: str) -> None:
    """The run obeys a cancel."""
    write_events(project.run_dir(run_id), Started(at=time.time(), pid=1), Done(at=time.time(), cancelled=True))


def end_failed(project: Project, run_id: str) -> None:
    """The run ends by an error it could report."""
    failed = Failed(at=time.time(), code="x", message="It failed.")
    write_events(project.run_dir(run_id), Started(at=time.time(), pid=1), failed)


def write_ledger(project: Project, run_id: str, rows: Iterable[LedgerRow]) -> Path:
    """`artifacts/ledger.jsonl` of an import run."""
    path = project.run_dir(run_id) / "artifacts" / "ledger.jsonl"
    path.write_text("".join(row.model_dump_json() + "\n" for row in rows), encoding="utf-8")
    return path


def imported(project: Project, source: Path, n_patients: int = 8, images_each: int = 3) -> str:
    """An adopted import of made-up patients; `source` is any existing folder."""
    run_id = prepare_import(project, [source], ImportSpec())
    rows = patients(n_patients, images_each, root=str(source), shard=f"{run_id}.bin")
    write_pixels(project.pixels_dir, rows)
    write_ledger(project, run_id, rows)
    end(project, run_id, imported=len(rows), skipped=0, images=len(rows))
    adopt(project, run_id)
    return run_id


def embedded(project: Project, vector: Callable[[int], np.ndarray], source: str = "random") -> str:
    """An adopted embedding: `vector(image_id)` is the row of an image."""
    run_id = prepare_embed(project, EmbedSpec(source=source))
    folder = project.run_dir(run_id) / "artifacts"
    ids = np.array([item.image_id for item in project.catalogue.items()], dtype=np.int64)
    np.save(folder / "image_ids.npy", ids)
    np.save(folder / "embeddings.npy", np.stack([vector(int(n)) for n in ids]).astype(np.float16))
    write_backbone(folder, source)
    end(project, run_id, count=len(ids))
    adopt(project, run_id)
    return run_id


def write_backbone(folder: Path, source: str, image_size: int = 64, name: str = "resnet18") -> None:
    """`backbone.json` as a training or embedding run leaves it."""
    content = {"name": name, "in_channels": 1, "feature_dim": 4, "image_size": image_size, "mean": [0.5], "std": [0.5]}
    (folder / "backbone.json").write_text(json.dumps({**content, "source": source}), encoding="utf-8")


def mapped(project: Project, embedding: str) -> str:
    """An adopted map of an embedding, all images in a row."""
    run_id = prepare_map(project, MapSpec(embedding=embedding))
    ids = np.array([item.image_id for item in project.catalogue.items()], dtype=np.int64)
    xy = np.stack([ids, ids], axis=1).astype(np.float32)
    np.savez(project.run_dir(run_id) / "artifacts" / "map.npz", ids=ids, xy=xy, cluster=(ids % 3).astype(np.int32))
    end(project, run_id, clusters=3)
    adopt(project, run_id)
    return run_id
