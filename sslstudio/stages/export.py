"""Export: a model of the project as a package that works anywhere, with the proof that it gives the same answers."""

from __future__ import annotations

import json
import platform
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
from PIL import Image
from pydantic import ValidationError

from sslstudio import __version__, resources
from sslstudio.backbones import backbone_file
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.classifiers import subgroups
from sslstudio.classifiers.typical import Typical, learn, to_arrays
from sslstudio.domain.items import Item
from sslstudio.domain.runs import Job
from sslstudio.domain.specs import ExportFormat, ExportSpec, FinetuneSpec, ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import (
    backbone_folder,
    card,
    cases,
    checklist,
    example,
    monai_bundle,
    onnx_graph,
    operating,
    package,
    parity,
    pdf,
    preprocessing,
    reference,
)
from sslstudio.exporters.onnx_graph import Head, Input, PackagedModel
from sslstudio.exporters.parity import Floats, Parity, ParityImage
from sslstudio.exporters.runtime import Graph
from sslstudio.exporters.sharing import check as sharing
from sslstudio.exporters.sharing import knowledge
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.rendering import AUTO, preset
from sslstudio.stages import embedding_files
from sslstudio.stages.context import StageContext
from sslstudio.training import devices

LIBRARIES = ("torch", "torchvision", "timm", "onnx", "onnxruntime", "scikit-learn", "numpy", "pydicom", "pillow")
STEPS = 5
NO_VOLUME_EXPORT = (
    "Models that see whole volumes cannot be exported yet.",
    "Use the model in this project, or fit one on embeddings of single images.",
)
PUBLIC_FIELDS = (
    "model_id",
    "classes",
    "colours",
    "embedding",
    "source",
    "C",
    "temperature",
    "n_images",
    "n_subjects",
    "per_class",
    "seed",
    "created",
    "cross_validation",
    "kind",
    "mode",
    "epochs",
    "best_epoch",
)


def run(spec: ExportSpec, context: StageContext) -> dict[str, Any]:
    """Write `artifacts/package/` and `artifacts/package.zip` for the model whose files stand in `artifacts/model/`.

    Returns {"files": {name: SHA-256}, "largest_difference": of a probability (of a feature where the network alone is
    exported), "images_compared": n, "sharing": counts of the sharing check}. Raises SSLStudioError when the model's
    files do not fit each other or what was exported gives other answers; then no package is left behind.
    """
    devices.use_every_core()
    folder = context.artifact_path(package.FOLDER)
    _clear(folder)
    try:
        source = _load(spec, context)
        folder.mkdir(parents=True)
        proof = _WRITERS[spec.format](spec, context, source, folder)
        context.progress(3, STEPS, "steps", "Sealing the package")
        digests = package.write_checksums(folder)
    except BaseException:
        _clear(folder)
        raise
    archive = context.artifact_path(package.ARCHIVE)
    package.write_archive(folder, archive, spec.model)
    checked = _check(context, [folder, archive])
    context.artifact("package", folder)
    context.artifact("archive", archive)
    context.progress(STEPS, STEPS, "steps", "Exported")
    largest = proof.embedding if spec.format == "backbone" else proof.probability
    return {"files": digests, "largest_difference": largest, "images_compared": proof.images, **checked}


def _check(context: StageContext, written: list[Path]) -> dict[str, Any]:
    """The sharing check of what was written: {"sharing": its counts}; {} where nobody said what to look for."""
    known = knowledge.kept(context.private_dir)
    if known is None:
        return {}
    context.progress(STEPS - 1, STEPS, "steps", "Looking for names and paths in it")
    outcome = sharing.check(written, known, context.pixels_dir, context.items(), context.check_cancelled)
    if not outcome.clean:
        context.warn("sharing", outcome.sentence(), "Look at it on the Export page before you pass it on.")
    return {"sharing": outcome.counts()}


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """At most `count` items, evenly over all sizes and kinds of images."""
    ordered = sorted(items, key=lambda item: (item.channels, item.dtype, item.height, item.width, item.image_id))
    if len(ordered) <= count:
        return ordered
    return [ordered[index] for index in np.linspace(0, len(ordered) - 1, count).round().astype(int)]


@dataclass(frozen=True)
class Source:
    """What is exported: model.json, the description of the backbone, and both as one module."""

    model: dict[str, Any]
    description: BackboneDescription
    packaged: PackagedModel


def _load(spec: ExportSpec, context: StageContext) -> Source:
    source = context.artifact_path("model")
    model = _read_json(source / "model.json")
    backbone, description = backbone_file.load(context.run_dir.parent / spec.embedding / "artifacts")
    if description.depth:
        raise SSLStudioError(*NO_VOLUME_EXPORT, code="no_volume_export")
    inputs = Input(description.in_channels, description.image_size, description.mean, description.std)
    head = _head(source / "head.npz", model, description.feature_dim)
    return Source(model, description, PackagedModel(backbone, head, inputs).eval())


def _write_package(spec: ExportSpec, context: StageContext, source: Source, folder: Path) -> Parity:
    packaged = source.packaged
    context.progress(0, STEPS, "steps", "Writing the graph")
    context.check_cancelled()
    onnx_graph.save(onnx_graph.build(packaged), folder / package.GRAPH)
    context.check_cancelled()

    context.progress(1, STEPS, "steps", "Comparing the graph with the model")
    graph = Graph((folder / package.GRAPH).read_bytes())
    proof = _prove(packaged, graph, _images(context, source, spec.parity_images))
    context.check_cancelled()

    context.progress(2, STEPS, "steps", "Writing the package")
    safetensors.torch.save_file(onnx_graph.tensors(packaged), folder / package.WEIGHTS, metadata={"format": "pt"})
    _write_descriptions(context, folder, source, proof)
    _write_example(folder, graph)
    for name in (package.PREDICT, package.READER):
        shutil.copyfile(resources.path(f"export/{name}"), folder / name)
    return proof


def _write_backbone(spec: ExportSpec, context: StageContext, source: Source, folder: Path) -> Parity:
    context.progress(0, STEPS, "steps", "Writing the network and loading it anew")
    facts = _facts(context, source, Parity(0, 0.0, 0.0))
    named = backbone_folder.Named(spec.model, card.weights_licence(facts))
    images = list(_images(context, source, spec.parity_images))
    proof = backbone_folder.write(folder, source.packaged, source.description, images, named, context.check_cancelled)
    _write_rules(context, source.description, folder / package.PREPROCESSING)
    return proof


def _write_monai(spec: ExportSpec, context: StageContext, source: Source, folder: Path) -> Parity:
    context.progress(0, STEPS, "steps", "Writing the bundle and comparing its network")
    images = list(_images(context, source, spec.parity_images))
    scores = _facts(context, source, Parity(0, 0.0, 0.0)).scores
    proof = monai_bundle.write(
        folder, source.packaged, source.description, source.model, scores, images, context.check_cancelled
    )
    _write_rules(context, source.description, folder / "scripts" / package.PREPROCESSING)
    _write_card(_facts(context, source, proof), folder / "docs")
    return proof


_WRITERS: dict[ExportFormat, Callable[[ExportSpec, StageContext, Source, Path], Parity]] = {
    "package": _write_package,
    "backbone": _write_backbone,
    "monai": _write_monai,
}


def _images(context: StageContext, source: Source, count: int) -> Iterator[ParityImage]:
    """At most `count` images of the project that the model can see, of all sizes."""
    cache = PixelCache(context.pixels_dir)
    known = [item for item in context.items() if item.seen_channels <= source.description.in_channels]
    for item in spread(known, count):
        context.check_cancelled()
        yield ParityImage(cache.read(item.pixels), item.windows)


def _prove(packaged: PackagedModel, graph: Graph, images: Iterator[ParityImage]) -> Parity:
    def exported(image: ParityImage) -> tuple[Floats, Floats]:
        probabilities, embedding = graph.score([image.stored], [image.windows])
        return probabilities[0], embedding[0]

    return parity.compare(lambda image: reference.score(packaged, image), exported, images)


def _write_descriptions(context: StageContext, folder: Path, source: Source, proof: Parity) -> None:
    model, backbone = source.model, source.description
    names, colours = model["classes"], model.get("colours") or [""] * len(model["classes"])
    facts = _facts(context, source, proof)
    package.write_json(folder / package.MODEL, {**_public(model), "backbone": backbone.model_dump(mode="json")})
    package.write_json(folder / package.LABELS, package.label_map(names, colours).model_dump(mode="json"))
    typical = _typical(context, source.model)
    package.write_json(folder / package.OPERATING, operating.describe(model, facts.scores, typical))
    if isinstance(typical, Typical):
        np.savez(folder / package.TYPICAL, allow_pickle=False, **to_arrays(typical))
    cases.write(context.artifact_path("model"), folder, facts.scores)
    _write_rules(context, backbone, folder / package.PREPROCESSING)
    _write_card(facts, folder)


def _typical(context: StageContext, model: Mapping[str, Any]) -> Typical | str:
    """What the images are like that the model learned from, or why that cannot be said."""
    try:
        with np.load(context.artifact_path("model") / "head.npz", allow_pickle=False) as arrays:
            learned = arrays["train_ids"].astype(np.int64)
        ids, vectors = embedding_files.read(str(model["embedding"]), context.run_dir.parent)
    except (SSLStudioError, OSError, KeyError, ValueError):
        return "The embeddings that the model learned from are not there any more."
    known = {item.image_id: item for item in context.items()}
    rows = [row for row in np.flatnonzero(np.isin(ids, learned)).tolist() if int(ids[row]) in known]
    items = [known[int(ids[row])] for row in rows]
    classes = {name: number for number, name in enumerate(model["classes"])}
    y = np.array([classes.get(item.label, len(classes)) for item in items], dtype=np.int64)
    return learn(np.asarray(vectors[rows]), y, np.array([item.subject for item in items], dtype=np.str_))


def _write_card(facts: card.CardFacts, folder: Path) -> None:
    text = card.write(facts)
    (folder / package.CARD).write_text(text, encoding="utf-8", newline="\n")
    pdf.write(text, folder / package.CARD_PDF, f"Model card: {facts.model['model_id']}")
    (folder / package.CHECKLIST).write_text(checklist.write(facts), encoding="utf-8", newline="\n")


def _write_rules(context: StageContext, backbone: BackboneDescription, path: Path) -> None:
    rendering = backbone.rendering or context.job.rendering or preset(AUTO)
    side = _import_spec(context.run_dir.parent, context.items()).max_side
    rules = preprocessing.describe(rendering, backbone.in_channels, backbone.image_size, side)
    package.write_json(path, rules.model_dump(mode="json"))


def _facts(context: StageContext, source: Source, proof: Parity) -> card.CardFacts:
    folder = context.artifact_path("model")
    scores, known = folder / "scores.json", folder / "facts.json"
    project = _read_json(known) if known.exists() else {}
    return card.CardFacts(
        model=source.model,
        backbone=source.description.model_dump(mode="json"),
        items=context.items(),
        parity=proof,
        version=__version__,
        created=context.job.created,
        versions={"Python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
        scores=_read_json(scores) if scores.exists() else None,
        pretraining=_pretraining(context.run_dir.parent / source.description.source),
        rendering=source.description.rendering or context.job.rendering or preset(AUTO),
        project=project,
        subgroups=_subgroups(folder / "tested.npz", source.model["classes"], project.get("columns", ())),
    )


def _subgroups(tested: Path, classes: list[str], columns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """How the model does on each numbered value of each column; nothing where the test images are not known."""
    try:
        with np.load(tested, allow_pickle=False) as arrays:
            y, proba, groups = arrays["y"], arrays["proba"], arrays["groups"]
    except (OSError, ValueError, KeyError):
        return []
    known = [
        (str(column["title"]), np.asarray(column["codes"], dtype=np.int64), [str(n) for n in range(column["values"])])
        for column in columns
        if len(column["codes"]) == len(y)
    ]
    return subgroups.judge(y, proba, groups, classes, known)


def _write_example(folder: Path, graph: Graph) -> None:
    """The made-up picture as PNG, and as the arrays that go into the graph with the answer to expect."""
    picture = example.picture(graph.channels)
    Image.fromarray(picture.squeeze()).save(folder / package.EXAMPLE_IMAGE)
    probabilities, embedding = graph.score([picture], [((0.0, 255.0),)])
    arrays = {
        "pixels": picture.transpose(2, 0, 1)[None].astype(np.float32),
        "window": np.array([[[0.0, 255.0]] * graph.channels], dtype=np.float32),
        "probabilities": probabilities,
        "embedding": embedding,
    }
    np.savez(folder / package.EXAMPLE, allow_pickle=False, **arrays)


def _head(path: Path, model: dict[str, Any], dimensions: int) -> Head:
    """The head of `head.npz`; raises SSLStudioError (code "model_damaged") unless it fits classes and backbone."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            coef, intercept, mean, scale = (
                np.asarray(arrays[name], dtype=np.float64) for name in ("coef", "intercept", "mean", "scale")
            )
        temperature = float(model["temperature"])
        classes = len(model["classes"])
    except (OSError, KeyError, TypeError, ValueError):
        raise _damaged() from None
    shapes = (coef.shape, intercept.shape, mean.shape, scale.shape)
    usable = all(np.isfinite(values).all() for values in (coef, intercept, mean, scale)) and (scale > 0).all()
    if shapes != ((classes, dimensions), (classes,), (dimensions,), (dimensions,)) or not usable or not temperature > 0:
        raise _damaged()
    return Head(coef=coef, intercept=intercept, mean=mean, scale=scale, temperature=temperature)


def _import_spec(runs: Path, items: Sequence[Item]) -> ImportSpec:
    """How most of the images were imported; the defaults when that is no longer written anywhere."""
    shards = Counter(Path(item.shard).stem for item in items)
    for run_id, _ in shards.most_common():
        job = _job(runs / run_id)
        if job is not None and isinstance(job.spec, ImportSpec):
            return job.spec
    return ImportSpec()


def _pretraining(run: Path) -> dict[str, Any]:
    """The frozen job of the pretraining that the backbone goes back to, as JSON; empty when there was none."""
    job = _job(run)
    while job is not None and isinstance(job.spec, FinetuneSpec) and job.spec.source not in ("", job.run_id):
        job = _job(run.parent / job.spec.source)
    return job.model_dump(mode="json") if job is not None and job.stage == "pretrain" else {}


def _job(run: Path) -> Job | None:
    try:
        return Job.model_validate_json((run / "job.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _public(model: dict[str, Any]) -> dict[str, Any]:
    """The part of model.json that goes into the package: no list of images, nothing written by hand but class names."""
    return {name: model[name] for name in PUBLIC_FIELDS if name in model}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise _damaged() from None
    if not isinstance(content, dict):
        raise _damaged()
    return content


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _damaged() -> SSLStudioError:
    return SSLStudioError(
        "The files of this model do not fit each other.", "Fit the classifier again, then export.", code="model_damaged"
    )
