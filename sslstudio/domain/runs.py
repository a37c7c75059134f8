"""Runs: their kinds, states and events, as they stand in a run directory."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from sslstudio.domain.record import Record
from sslstudio.domain.rendering import Rendering
from sslstudio.domain.specs import Spec

Stage = Literal[
    "import_images",
    "triage",
    "preflight",
    "pretrain",
    "finetune",
    "embed",
    "map_embeddings",
    "export",
    "predict",
    "retrieve",
]
TRAININGS: tuple[Stage, ...] = ("pretrain", "finetune")
"""The stages of which one at a time runs on a computer."""


class RunState(StrEnum):
    """The life of a run. The last four are final."""

    PREPARED = "prepared"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def final(self) -> bool:
        """True when nothing more will happen unless the user resumes the run."""
        return self not in (RunState.PREPARED, RunState.RUNNING)


class Job(Record):
    """`job.json`: all that a run needs besides its items; frozen when written. Paths are relative to the run."""

    schema_version: Literal[1] = 1
    run_id: str
    stage: Stage
    name: str
    spec: Annotated[Spec, Field(discriminator="kind")]
    created: str
    package_version: str
    plugin: dict[str, str] = Field(default_factory=dict)
    """Id, version and SHA-256 of the plugin that the run uses, when it uses one."""
    rendering: Rendering | None = None
    """What the model sees: the windows of the items follow from it. None in runs of older versions."""
    rendering_of: str = ""
    """The run whose rendering this is, where the project has another by now."""
    pixels: str = "../../pixels"


class Started(Record):
    """The worker took up the job (again)."""

    event: Literal["started"] = "started"
    at: float
    pid: int
    attempt: int = 1


class Progress(Record):
    """How far the run is. `done` of `total` in `unit`s; `seconds_left` is None when not known."""

    event: Literal["progress"] = "progress"
    at: float
    done: float
    total: float
    unit: str = ""
    text: str = ""
    seconds_left: float | None = None


class Metric(Record):
    """Named numbers at one optimiser step (`step`) of one epoch: loss, learning_rate, images_per_second, ..."""

    event: Literal["metric"] = "metric"
    at: float
    step: int
    epoch: int
    values: dict[str, float]


class Monitor(Record):
    """Named numbers measured on the fixed sample at the end of an epoch: collapse, rank_me, ..."""

    event: Literal["monitor"] = "monitor"
    at: float
    epoch: int
    values: dict[str, float]


class Artifact(Record):
    """A file under `artifacts/` or `checkpoints/` is complete. `path` is relative to the run directory."""

    event: Literal["artifact"] = "artifact"
    at: float
    name: str
    path: str


class Warned(Record):
    """Something the user should know; the run goes on."""

    event: Literal["warning"] = "warning"
    at: float
    code: str
    message: str
    hint: str = ""


class Failed(Record):
    """The run ended by an error the worker could still report."""

    event: Literal["error"] = "error"
    at: float
    code: str
    message: str
    hint: str = ""


class Done(Record):
    """The run ended well, or obeyed a cancel (`cancelled`); `result` is the stage's result, plain JSON."""

    event: Literal["done"] = "done"
    at: float
    cancelled: bool = False
    result: dict[str, object] = Field(default_factory=dict)


Event = Annotated[
    Started | Progress | Metric | Monitor | Artifact | Warned | Failed | Done, Field(discriminator="event")
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
