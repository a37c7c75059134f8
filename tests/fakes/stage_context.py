"""A StageContext that writes to a temporary folder and records every event; for tests of stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sslstudio.domain.items import Item
from sslstudio.domain.runs import Job, Stage
from sslstudio.domain.specs import Spec
from sslstudio.stages.context import Cancelled


@dataclass
class FakeStageContext:
    """Implements `sslstudio.stages.context.StageContext` on plain folders below `root`.

    `root` stands for the project: the run lies in `root/runs/<run_id>`, the pixels in `root/pixels`.
    `cancel_after` asks for cancellation once that many progress reports were made.
    """

    root: Path
    job: Job
    item_list: list[Item] = field(default_factory=list)
    cancel_after: int | None = None
    cancel_requested: bool = False
    progress_reports: list[tuple[float, float, str, str]] = field(default_factory=list)
    metrics: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    monitors: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    artifacts: dict[str, Path] = field(default_factory=dict)
    warnings: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for folder in (self.run_dir / "artifacts", self.run_dir / "checkpoints", self.private_dir, self.pixels_dir):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def run_dir(self) -> Path:
        return self.root / "runs" / self.job.run_id

    @property
    def pixels_dir(self) -> Path:
        return self.root / "pixels"

    @property
    def thumbnails_dir(self) -> Path:
        return self.root / "thumbnails"

    @property
    def private_dir(self) -> Path:
        return self.run_dir / "private"

    @property
    def warning_codes(self) -> list[str]:
        return [code for code, _, _ in self.warnings]

    def items(self) -> list[Item]:
        return self.item_list

    def artifact_path(self, name: str) -> Path:
        path = self.run_dir / "artifacts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def progress(self, done: float, total: float, unit: str = "", text: str = "") -> None:
        self.progress_reports.append((done, total, unit, text))
        if self.cancel_after is not None and len(self.progress_reports) >= self.cancel_after:
            self.cancel_requested = True

    def metric(self, step: int, epoch: int, **values: float) -> None:
        self.metrics.append((step, epoch, values))

    def monitor(self, epoch: int, **values: float) -> None:
        self.monitors.append((epoch, values))

    def artifact(self, name: str, path: Path) -> None:
        assert path.exists(), f"artifact {name} was announced before it was written"
        self.artifacts[name] = path

    def warn(self, code: str, message: str, hint: str = "") -> None:
        self.warnings.append((code, message, hint))

    def cancelled(self) -> bool:
        return self.cancel_requested

    def check_place(self) -> None:
        """The folder of a test stays where it is."""

    def check_cancelled(self) -> None:
        if self.cancel_requested:
            raise Cancelled


def fake_context(
    root: Path, stage: Stage, spec: Spec, *, run_id: str = "run-1", items: Iterable[Item] = ()
) -> FakeStageContext:
    """A context for one run of `stage` with `spec`, everything below `root`."""
    job = Job(
        run_id=run_id,
        stage=stage,
        name=run_id,
        spec=spec,
        created="2026-01-01T00:00:00+00:00",
        package_version="0.0.0",
    )
    return FakeStageContext(root=root, job=job, item_list=list(items))
