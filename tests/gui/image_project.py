"""Builds a small project of drawn pictures with embeddings and a map, and the services a page needs, without jobs."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from sslstudio.domain.ledger import FoundImage, LedgerRow
from sslstudio.domain.runs import Job, RunState
from sslstudio.domain.specs import EmbedSpec, MapSpec, PretrainSpec, Spec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.actions.registry import ActionRegistry
from sslstudio.gui.background import Background
from sslstudio.gui.detail_level import DetailLevel
from sslstudio.gui.notifications import Notifier
from sslstudio.gui.pages.page import Services
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.importers.thumbnails import ThumbnailWriter, encode
from sslstudio.session.project import Project
from sslstudio.session.session import Session

KINDS = ("ring", "bar", "spots")


@dataclass(frozen=True)
class Picture:
    """One picture to import. `pixels` (H, W, 1) uint8; `kind` is its true class, a position in the class names."""

    pixels: np.ndarray[Any, Any]
    subject: str
    kind: int
    scanner: str = "Maker A 1.5T"


def draw(kind: int, rng: np.random.Generator, side: int = 48) -> np.ndarray[Any, Any]:
    """A grey picture (side, side, 1) of one of three things a person can tell apart."""
    y, x = np.mgrid[:side, :side] - side / 2 + rng.normal(0, 2, (2, 1, 1))
    shade = 60 + 12 * rng.normal(size=(side, side))
    if kind == 0:
        shade += 120 * (np.abs(np.hypot(x, y) - side / 4) < 4)
    elif kind == 1:
        shade += 120 * (np.abs(x) < 5)
    else:
        shade += 120 * ((np.hypot(x - 9, y) < 5) | (np.hypot(x + 9, y) < 5))
    return np.clip(shade, 0, 255).astype(np.uint8)[:, :, None]


def pictures(patients: int = 12, each: int = 4, seed: int = 0) -> list[Picture]:
    """`patients` patients with `each` pictures; one kind a patient."""
    rng = np.random.default_rng(seed)
    return [
        Picture(draw(p % 3, rng), f"patient-{p}", p % 3, "Maker A 1.5T" if p % 2 else "Maker B 3T")
        for p in range(patients)
        for _ in range(each)
    ]


def _hex(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def build(path: Path, given: Sequence[Picture], *, vectors: Any = None, with_map: bool = True) -> Project:
    """A project with these pictures, one training run, one embedding of it (`vectors` (N, D)) and one map."""
    project = Project.create(path)
    rows = []
    with (
        PixelCacheWriter(project.pixels_dir / "import-1.bin") as cache,
        ThumbnailWriter(project.thumbnails_dir / "import-1.sqlite") as thumbnails,
    ):
        for number, picture in enumerate(given):
            place = cache.append(picture.pixels)
            thumbnails.add([(place.offset, encode(picture.pixels))])
            found = FoundImage(
                digest=_hex("file", number),
                pixel_digest=_hex("pixels", number),
                subject=_hex("subject", picture.subject)[:16],
                study=_hex("study", picture.subject)[:16],
                series=_hex("series", picture.subject)[:16],
                modality="MR",
                scanner=picture.scanner,
                pixels=place,
            )
            rows.append(LedgerRow(path=f"/data/{number}.png", status="imported", images=(found,), size=1))
    project.catalogue.adopt_import("import-1", rows)
    if vectors is None and with_map:
        rng = np.random.default_rng(1)
        vectors = np.eye(3)[[picture.kind for picture in given]].repeat(4, axis=1) * 3 + rng.normal(
            size=(len(given), 12)
        )
    if with_map:
        add_embedding(project, np.asarray(vectors, dtype=np.float32))
    return project


def add_run(project: Project, run_id: str, stage: Any, spec: Spec, result: dict[str, Any]) -> None:
    """A run that has ended well and was adopted; its number is taken, as if the project had given it."""
    prefix = run_id.rpartition("-")[0]
    while project.catalogue.new_run_id(prefix) != run_id:
        pass
    job = Job(run_id=run_id, stage=stage, name=run_id, spec=spec, created="2026-01-01T00:00:00", package_version="0")
    project.catalogue.add_run(job)
    project.catalogue.set_run_state(run_id, RunState.SUCCEEDED, result)
    project.catalogue.set_adopted(run_id)


def add_embedding(
    project: Project, vectors: Any, source: str = "simclr-1", embed: str = "embed-1", map_id: str = "map-1"
) -> None:
    """A training run, its embedding and a map of it: the first two dimensions, and three groups by the largest."""
    ids = np.asarray(project.catalogue.image_ids(), dtype=np.int64)
    if source == "simclr-1":
        add_run(project, source, "pretrain", PretrainSpec(), {})
    add_run(project, embed, "embed", EmbedSpec(source=source), {"count": len(ids), "dimensions": vectors.shape[1]})
    add_run(project, map_id, "map_embeddings", MapSpec(embedding=embed), {"method": "pca", "clusters": 3})
    np.save(project.embeddings_dir / f"{embed}.npy", vectors.astype(np.float16))
    np.save(project.embeddings_dir / f"{embed}.ids.npy", ids)
    from_groups = vectors.reshape(len(ids), 3, -1).mean(axis=2)
    turn = np.array([[1.0, 0.0], [-0.5, 0.87], [-0.5, -0.87]])
    np.savez(
        project.maps_dir / f"{map_id}.npz",
        ids=ids,
        xy=(from_groups @ turn).astype(np.float32),
        cluster=from_groups.argmax(axis=1).astype(np.int32),
    )


class NowCompute:
    """A compute process that is not one: computes at once, here."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def submit(self, target: str, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls.append(target)
        module, _, name = target.partition(":")
        future: Future[Any] = Future()
        try:
            future.set_result(getattr(importlib.import_module(module), name)(*args, **kwargs))
        except SSLStudioError as error:
            future.set_exception(error)
        return future


class NoJobs(QObject):
    """A job center that starts nothing and remembers what it was asked to launch."""

    changed = Signal(str)
    followed = Signal(str)
    events = Signal(str, object)
    adopted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.launched: list[tuple[str, tuple[str, ...]]] = []
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.held: list[tuple[str, bool]] = []
        self.busy: Any = None

    def launch(self, prepare: Callable[[], str], then: tuple[str, ...] = (), *, waits: bool = False) -> None:
        self.launched.append((prepare(), then))

    def start(self, run_id: str) -> None:
        self.started.append(run_id)

    def busy_with(self, *_stages: str) -> Any:
        return self.busy

    def status(self, _run_id: str) -> Any:
        return self.busy

    def active(self) -> list[Any]:
        return []

    def cancel(self, run_id: str) -> None:
        self.cancelled.append(run_id)

    def hold(self, run_id: str, held: bool) -> None:
        self.held.append((run_id, held))


@dataclass
class Desk:
    """A session and all that stands around it for a page under test."""

    project: Project
    session: Session
    services: Services
    jobs: NoJobs
    compute: NowCompute
    notify: Notifier
    background: Background
    said: list[str] = field(default_factory=list)
    went_to: list[str] = field(default_factory=list)

    def close(self) -> None:
        self.background.close()
        self.project.close()


def desk(project: Project) -> Desk:
    """Services over `project`."""
    session = Session(project, author="tester")
    background, notify, jobs, compute = Background(threads=2), Notifier(), NoJobs(), NowCompute()
    went_to: list[str] = []
    services = Services(
        session=session,
        background=background,
        jobs=jobs,
        compute=compute,
        settings=None,
        notify=notify,
        actions=ActionRegistry(),
        level=DetailLevel(),
        navigate=went_to.append,
    )
    made = Desk(project, session, services, jobs, compute, notify, background, went_to=went_to)
    notify.message.connect(lambda message: made.said.append(message.text))
    return made


def label_all(session: Session, given: Sequence[Picture], names: Sequence[str] = KINDS, every: int = 1) -> None:
    """Give every `every`-th image its true class."""
    ids = session.project.catalogue.image_ids()
    infos = {name: session.add_class(name) for name in names}
    for kind, name in enumerate(names):
        chosen = [ids[n] for n, picture in enumerate(given) if picture.kind == kind][::every]
        session.label_images(chosen, infos[name].class_id, "import")


def scores_of(project: Project, model_id: str) -> dict[str, Any]:
    """The stored scores of a model."""
    content: dict[str, Any] = json.loads((project.models_dir / model_id / "scores.json").read_text())
    return content
