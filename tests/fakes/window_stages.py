"""Quick stages for tests of the window: they report as real ones do and leave the files that adoption expects.

`python -m tests.fakes.window_stages RUN_DIR` is a real worker process. Importing is the real stage.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from sslstudio import stages
from sslstudio.backbones import kept
from sslstudio.domain.findings import COMPARED, KNOWN, LOOKS, Box, Finding, KnownImage, Look
from sslstudio.domain.runs import Stage
from sslstudio.domain.specs import EmbedSpec, MapSpec, PreflightSpec, PretrainSpec, TriageSpec
from sslstudio.jobs import worker
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.stages.context import StageContext

EPOCH_SECONDS = 0.15
COMMAND = (sys.executable, "-P", "-m", "tests.fakes.window_stages")


def learn(spec: PretrainSpec, context: StageContext) -> dict[str, Any]:
    """Falls from chance to half of it, as a healthy training does."""
    chance = 4.0
    overrides = context.run_dir / "overrides.json"
    epochs = json.loads(overrides.read_text())["epochs"] if overrides.exists() else spec.epochs
    context.monitor(-1, collapse=0.7, rank_me=18.0, view_retrieval=0.15)
    for epoch in range(epochs):
        for part in (0.5, 1.0):
            context.check_cancelled()
            time.sleep(EPOCH_SECONDS / 2)
            done = epoch + part
            context.metric(
                round(done * 2), epoch, loss=chance * (1 - 0.5 * done / epochs), chance=chance, images_per_second=160.0
            )
            context.progress(done, epochs, "epochs", "Training")
        share = (epoch + 1) / epochs
        context.monitor(
            epoch,
            collapse=0.8,
            rank_me=20.0,
            view_retrieval=0.2 + 0.6 * share,
            loss=chance * (1 - 0.5 * share),
            chance=chance,
            neighbours_kept=0.5 + 0.3 * share,
        )
        if spec.task == "mae":
            _draw_pictures(context, epoch)
        if epoch == 2:
            context.warn("settled", "What lies next to what has hardly changed.", "You may stop here.")
    _keep_weights(spec, context, epochs)
    return {"loss": chance / 2, "chance": chance, "collapse": 0.8, "epochs": epochs, "seconds": epochs * EPOCH_SECONDS}


def _draw_pictures(context: StageContext, epoch: int) -> None:
    """Two rows of three pictures, brighter from epoch to epoch."""
    import numpy as np
    from PIL import Image

    sheet = np.full((2 * 16, 3 * 16), 40, np.uint8)
    sheet[16:] = min(255, 60 + 20 * epoch)
    path = context.artifact_path("preview.png")
    Image.fromarray(sheet).save(path)
    path.with_suffix(".json").write_text(json.dumps({"epoch": epoch, "titles": ["Original", "Rebuilt"], "images": 3}))
    context.artifact("preview.png", path)


def _keep_weights(spec: PretrainSpec, context: StageContext, epochs: int) -> None:
    """The files of the best and of the last epoch, and the chosen ones beside them."""
    described = {"name": spec.backbone, "image_size": spec.image_size, "in_channels": 1, "feature_dim": 8}
    artifacts = context.artifact_path("backbone.json").parent
    for name, epoch in (("best", epochs // 2), ("last", epochs - 1)):
        (artifacts / name).mkdir(exist_ok=True)
        (artifacts / name / "backbone.json").write_text(json.dumps(described))
        (artifacts / name / "backbone.safetensors").write_bytes(name.encode())
        facts = {"epoch": epoch, "measure": "view_retrieval", "value": 0.8}
        (artifacts / name / "epoch.json").write_text(json.dumps(facts))
    kept.hand_on(artifacts, spec.keep)


def embed(_spec: EmbedSpec, context: StageContext) -> dict[str, Any]:
    """Vectors that say how bright an image's window is; enough for a map."""
    import numpy as np

    items = context.items()
    vectors = np.random.default_rng(0).normal(size=(len(items), 8)).astype(np.float16)
    np.save(context.artifact_path("embeddings.npy"), vectors)
    np.save(context.artifact_path("image_ids.npy"), np.array([item.image_id for item in items], dtype=np.int64))
    context.progress(len(items), len(items), "images", "Embedding")
    return {"count": len(items), "dimensions": 8}


def draw_map(_spec: MapSpec, context: StageContext) -> dict[str, Any]:
    """Two coordinates of the vectors."""
    import numpy as np

    folder = context.run_dir.parents[1] / "embeddings"
    vectors, ids = (np.load(folder / f"{_spec.embedding}{end}") for end in (".npy", ".ids.npy"))
    xy = vectors[:, :2].astype(np.float32)
    np.savez(context.artifact_path("map.npz"), ids=ids, xy=xy, cluster=(xy[:, 0] > 0).astype(np.int32))
    return {"method": "pca", "clusters": 2}


def look_through(_spec: TriageSpec, context: StageContext) -> dict[str, Any]:
    """Text is suspected in the first image that nobody has looked at, and the next two show the same picture."""
    known = context.artifact_path(KNOWN)
    seen = {KnownImage.model_validate_json(line).image_id for line in known.read_text().splitlines()}
    fresh = [item.image_id for item in context.items() if item.image_id not in seen]
    looks = [Look(image_id=key, hashes=f"{key:032x}") for key in fresh]
    if looks:
        box = Box(left=0.1, top=0.1, width=0.5, height=0.1)
        text = Finding(image_id=fresh[0], kind="text", score=0.9, why="A line stands in the pixels.", boxes=(box,))
        looks[0] = looks[0].model_copy(update={"findings": (text,)})
    copies = [
        Finding(image_id=key, kind="duplicate", score=0.99, why="The same picture.", group=f"d{fresh[1]}")
        for key in fresh[1:3]
    ]
    for name, records in ((LOOKS, looks), (COMPARED, copies)):
        context.artifact_path(name).write_text("".join(one.model_dump_json() + "\n" for one in records))
    return {"looked": len(looks), "unreadable": 0, "groups": 1, "findings": {"text": 1, "duplicate": len(copies)}}


def try_out(spec: PreflightSpec, context: StageContext) -> dict[str, Any]:
    """Fits when the batch is small, or is made so."""
    context.check_cancelled()
    fits, training = spec.training.batch_size <= 8, spec.training
    changed = {"batch_size": 8} if spec.fit and not fits else {}
    result = {"fits": fits or spec.fit, "changed": changed, "spec": training.model_dump(mode="json"), "device": "cpu"}
    if not result["fits"]:
        return result | {"sentences": ["The training needs about 40.0 GB of memory and 4.0 GB are free."]}
    told = ["The training will take about 3 minutes.", "It needs about 0.4 GB of memory; 4.0 GB are free."]
    return result | {"sentences": told, "images_per_second": 150.0, "disk_suffices": True}


FAKES: dict[Stage, Any] = {
    "preflight": try_out,
    "pretrain": learn,
    "embed": embed,
    "map_embeddings": draw_map,
    "triage": look_through,
}


def main(run_dir: str) -> int:
    """Run the stage of the run directory: a quick one where there is one, else the real one."""
    launcher = LocalLauncher(COMMAND)
    return worker.main(run_dir, load=lambda stage: FAKES.get(stage) or stages.load(stage), launcher=launcher)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
