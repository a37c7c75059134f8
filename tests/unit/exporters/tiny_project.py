"""A tiny project on disk with a finished embed run and a fitted head: what the export stage finds before it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from sslstudio.backbones import backbone_file, table
from sslstudio.backbones.build import build
from sslstudio.domain.items import Item
from sslstudio.domain.rendering import Rendering
from sslstudio.domain.runs import Job
from sslstudio.domain.specs import EmbedSpec, ExportSpec, ImportSpec, PretrainSpec, Spec
from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.discovery import Discovery
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.importers.rendering import AUTO, grey_of, preset, windows_of
from tests.fakes.stage_context import FakeStageContext

CLASSES = ("clear", "nodule | large", "Erguß")
SIZE = 32


@dataclass(frozen=True)
class TinyProject:
    """`images` holds the originals; `context` is that of an export run which waits to be run."""

    root: Path
    images: Path
    context: FakeStageContext
    spec: ExportSpec

    @property
    def package(self) -> Path:
        return self.context.run_dir / "artifacts" / "package"


def make(
    root: Path,
    *,
    channels: int = 1,
    backbone: str = "vit_tiny",
    parity_images: int = 64,
    rendering: Rendering | None = None,
) -> TinyProject:
    """Originals of several kinds and sizes, their pixel cache, runs import-1, simclr-1, embed-1, and a head."""
    images = root / "originals"
    write_originals(images, colour=channels == 3)
    project = root / "tiny.sslproj"
    (project / "pixels").mkdir(parents=True)
    seen = rendering or preset(AUTO)
    items = _import(images, project / "pixels" / "import-1.bin", seen)
    dimensions = _runs(project, backbone, channels, seen)
    spec = ExportSpec(model="linear-1", embedding="embed-1", parity_images=parity_images)
    context = FakeStageContext(root=project, job=_job("export-1", "export", spec), item_list=items)
    write_model(context.artifact_path("model"), dimensions)
    return TinyProject(root, images, context, spec)


def write_originals(folder: Path, *, colour: bool = False) -> None:
    """PNG and TIFF in 8 and 16 bit, JPEG-free, and DICOM of several grey scales, sizes and windows."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True)
    y, x = np.mgrid[0:1:61j, 0:1:47j]
    for n in range(4):
        wave = 0.5 + 0.5 * np.sin(9 * x * (n + 1) + 5 * y) * np.cos(4 * y)
        Image.fromarray((wave * 255).astype(np.uint8)).save(folder / f"grey-{n}.png")
        deep = (wave[: 40 + n, :] * 3000 + 200).astype(np.uint16)
        tifffile.imwrite(folder / f"deep-{n}.tif", deep)
        noisy = np.clip(wave * 3500 + rng.normal(0, 60, wave.shape), 0, 4095)
        header = DicomHeader(
            patient_id=f"P{n}",
            patient_name=f"Kanarienvogel^{n}",
            instance=n + 1,
            bits_stored=12,
            modality=("CR", "CT")[n % 2],
            photometric=("MONOCHROME2", "MONOCHROME1")[n // 2],
            window=(1600.5, 2200.0) if n % 2 else None,
            slope=1.0 if n % 2 else None,
            intercept=-1024.0 if n == 1 else None,
        )
        write_image(folder / f"case-{n}" / "image.dcm", np.rint(noisy).astype(np.uint16), header)
    signed = np.rint((x - 0.5) * 2400).astype(np.int16)
    signed[:5] = -2000
    header = DicomHeader(
        patient_id="P9",
        modality="CT",
        slope=1.0,
        intercept=0.0,
        window=(40.0, 400.0),
        extra={"PixelPaddingValue": -2000},
    )
    write_image(folder / "signed.dcm", signed, header)
    large = np.rint(rng.uniform(0, 255, (40, 1500))).astype(np.uint8)
    Image.fromarray(large).save(folder / "wide.png")
    if colour:
        tint = np.stack([x * 255, y * 255, (1 - x) * 255], axis=2).astype(np.uint8)
        Image.fromarray(tint).save(folder / "colour.png")


def write_model(folder: Path, dimensions: int, *, scores: bool = True) -> None:
    """model.json, head.npz and scores.json as `session` writes them."""
    rng = np.random.default_rng(5)
    count = len(CLASSES)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "head.npz",
        coef=rng.normal(size=(count, dimensions)) / np.sqrt(dimensions),
        intercept=rng.normal(size=count) / 4,
        mean=rng.normal(size=dimensions) / 8,
        scale=rng.uniform(0.3, 0.9, size=dimensions),
        train_ids=np.arange(1, 9),
    )
    model = {
        "model_id": "linear-1",
        "classes": list(CLASSES),
        "class_ids": [1, 2, 3],
        "colours": ["#0072B2", "#E69F00", "#009E73"],
        "embedding": "embed-1",
        "source": "simclr-1",
        "C": 0.1,
        "temperature": 1.25,
        "n_images": 8,
        "n_subjects": 5,
        "per_class": {CLASSES[0]: 4, CLASSES[1]: 2, CLASSES[2]: 2},
        "seed": 7,
        "created": "2026-01-01T00:00:00+00:00",
        "cross_validation": {},
    }
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")
    if scores:
        (folder / "scores.json").write_text(json.dumps(example_scores()), encoding="utf-8")


def example_scores() -> dict[str, object]:
    """Scores in the form of `classifiers.scores.evaluate`."""
    value = {"value": 0.75, "low": 0.6125, "high": 0.875}
    names = ("sensitivity", "specificity", "precision", "f1", "auc")
    per_class = [{"name": name, "n": 4, "n_subjects": 3, **dict.fromkeys(names, value)} for name in CLASSES]
    per_class[2]["auc"] = {"value": None, "low": None, "high": None}
    return {
        "n_images": 12,
        "n_subjects": 9,
        "confusion": [[3, 1, 0], [0, 4, 0], [1, 0, 3]],
        "balanced_accuracy": value,
        "accuracy": value,
        "per_class": per_class,
        "method": "Intervals by a bootstrap of the patients.",
        "notes": ["A note."],
        "left_out": {"patient_in_training": 3, "class_not_in_model": 0, "not_embedded": 0},
    }


def _import(images: Path, shard: Path, rendering: Rendering) -> list[Item]:
    items = []
    with PixelCacheWriter(shard) as writer, DecodePool[str](DecodeSettings(key="00" * 32), workers=1) as pool:
        for path, answer in pool.map((found.path for found in Discovery([images])), str):
            assert not answer.code, (path, answer.code)
            for frame in answer.frames:
                number = len(items) + 1
                items.append(
                    Item(
                        image_id=number,
                        subject=f"{number:016x}",
                        study="",
                        series="",
                        modality=frame.facts.modality,
                        scanner=frame.facts.scanner,
                        windows=windows_of(rendering, grey_of(frame.facts)),
                        label=CLASSES[number % 3] if number % 2 else "",
                        part="test" if number % 4 == 0 else "train",
                        **writer.append(frame.pixels).model_dump(),
                    )
                )
    return items


def _runs(project: Path, backbone: str, channels: int, rendering: Rendering) -> int:
    entry = table.find(backbone)
    mean, std = entry.normalisation(channels)
    description = backbone_file.BackboneDescription.model_validate(
        {
            "name": backbone,
            "in_channels": channels,
            "feature_dim": entry.feature_dim,
            "image_size": SIZE,
            "mean": mean,
            "std": std,
            "source": "simclr-1",
            "rendering": rendering,
        }
    )
    backbone_file.save(build(backbone, channels, SIZE, seed=1), description, project / "runs" / "embed-1" / "artifacts")
    pretrain = PretrainSpec(backbone=backbone, image_size=SIZE, epochs=12, init="weights.pth", parameters={"t": 0.2})
    for job in (
        _job("import-1", "import_images", ImportSpec()),
        _job("simclr-1", "pretrain", pretrain),
        _job("embed-1", "embed", EmbedSpec(source="simclr-1", backbone=backbone, image_size=SIZE)),
    ):
        folder = project / "runs" / job.run_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "job.json").write_text(job.model_dump_json(), encoding="utf-8")
    return entry.feature_dim


def _job(run_id: str, stage: str, spec: Spec) -> Job:
    return Job.model_validate(
        {
            "run_id": run_id,
            "stage": stage,
            "name": "Dr. Secret's run",
            "spec": spec.model_dump(),
            "created": "2026-01-01T00:00:00+00:00",
            "package_version": "0.1.0",
            "plugin": {"id": "simclr", "version": "1.0"} if stage == "pretrain" else {},
        }
    )
