"""The frozen specification of each stage: what `job.json` carries and what the window's forms fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from sslstudio.domain.record import Record

if TYPE_CHECKING:
    from sslstudio.domain.items import Item

Device = Literal["auto", "cpu", "cuda", "mps"]
Preset = Literal["auto", "plain", "xray", "ct", "mr", "ultrasound", "histology", "dermoscopy", "fundus", "natural"]
Keep = Literal["best", "last"]
ParameterValue = bool | int | float | str


class ImportSpec(Record):
    """Read folders and files into the pixel cache.

    The sources themselves are local paths and stand in the run's private folder, never in `job.json`.
    `subject_pattern` is a regular expression with a group named `subject`, matched against the path relative
    to its source (forward slashes). `order` says what decides first where no table does (see
    `sslstudio.importers.identity.IdentityRules`); DICOM patients whose pseudonym is in `placeholders` count as not
    given. `image_column` and `subject_column` are those of the user's table; blank ones are found by their names.
    `max_side` bounds the longest side of what is stored, in pixels.

    Files that the project knows and that did not change are passed over. With `again` the files named in the private
    folder are read whatever is known of them, and a changed one comes in as new images. With `relink_only` nothing is
    read but what may be a known file that was moved. `drive_seconds` is how long a drive that is gone is waited for.
    """

    kind: Literal["import"] = "import"
    subject_pattern: str = ""
    order: Literal["header", "study", "path"] = "header"
    placeholders: tuple[str, ...] = ()
    again: bool = False
    relink_only: bool = False
    drive_seconds: float = Field(default=600.0, ge=0)
    image_column: str = ""
    subject_column: str = ""
    preset: str = "auto"
    """What the model sees from now on: a preset of `resources/presets/windows.json`; "auto" changes nothing."""
    dry_run: bool = False
    max_side: int = Field(default=1024, ge=32)
    max_pixels: int = Field(default=200_000_000, ge=1)
    decode_seconds: float = Field(default=30.0, gt=0)


class TriageSpec(Record):
    """Look at the images that were not looked at before: duplicates, blank and inverted ones, burned-in text, ...

    `again` looks at all of them anew. `embedding` is an embed run whose vectors settle doubtful duplicates, or "".
    """

    kind: Literal["triage"] = "triage"
    again: bool = False
    embedding: str = ""


PUBLIC_STARTS = ("random", "imagenet")
"""Starts of a pretraining and sources of an embedding that every computer knows."""
EARLIER = "run:"
"""Before the id of the run whose backbone a pretraining starts from."""


def named_start(init: str) -> bool:
    """Whether a pretraining starts from something with a name, and not from a file of this computer."""
    return init in PUBLIC_STARTS or init.startswith(EARLIER)


Alike = Literal["laterality", "view", "body_part", "modality", "sequence", "series"]


class Pairing(Record):
    """Which two images of one bag may form a pair, for methods that compare images of one patient.

    A `bag` holds the images of a subject, a study or a series that are `alike` in the named facts. Two images of one
    series must be at least `slice_gap` places apart, two images at most `most_days` days (None: any time).
    """

    bag: Literal["subject", "study", "series"] = "subject"
    alike: tuple[Alike, ...] = ()
    slice_gap: int = Field(default=0, ge=0)
    most_days: int | None = Field(default=None, ge=0)

    def fit(self, one: Item, other: Item) -> bool:
        """Whether two different images of one bag may form a pair; an unknown day fits any."""
        placed = one.series == other.series and one.place >= 0 and other.place >= 0
        if placed and abs(one.place - other.place) < self.slice_gap:
            return False
        if self.most_days is None or one.day is None or other.day is None:
            return True
        return abs(one.day - other.day) <= self.most_days


class PretrainSpec(Record):
    """Self-supervised pretraining of one backbone on the frozen items."""

    kind: Literal["pretrain"] = "pretrain"
    task: str = "simclr"
    backbone: str = "resnet18"
    init: str = "random"
    """"random", "imagenet", "run:" and the id of an earlier pretraining, or a file's name in the private folder."""
    image_size: int = Field(default=64, ge=16, le=1024)
    depth: int = Field(default=32, ge=8, le=256, multiple_of=8)
    """Slices that a volume is resampled to, for backbones that see volumes; no other looks at it."""
    epochs: int = Field(default=100, ge=1)
    batch_size: int = Field(default=256, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    warmup_fraction: float = Field(default=0.05, ge=0, le=0.5)
    preset: Preset = "auto"
    device: Device = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    seed: int = 0
    parameters: dict[str, ParameterValue] = Field(default_factory=dict)
    """The pretext task's own parameters, as its plugin.toml declares them."""
    pairing: Pairing = Pairing()
    keep: Keep = "last"
    """Which weights the run hands on when it ends: those of its last epoch, or of the best one by its monitors."""
    accumulation: int = Field(default=1, ge=1, le=64)
    """Into how many parts each batch is cut to save memory; methods that compare images then compare fewer."""
    checkpointing: bool = False
    """Compute parts of a vision transformer twice instead of keeping them in memory."""
    compile: bool = False
    """Compile the network before training (Linux): a minute at the start, then faster on some graphics cards."""


class PreflightSpec(Record):
    """Try a pretraining out: at most `steps` steps or about `seconds` of it, without keeping anything.

    With `fit`, settings that need more memory than there is are changed until they do not.
    """

    kind: Literal["preflight"] = "preflight"
    training: PretrainSpec
    fit: bool = False
    steps: int = Field(default=20, ge=2)
    seconds: float = Field(default=30.0, gt=0)


FinetuneMode = Literal["lpft", "last", "frozen", "full", "lora"]


class FinetuneSpec(Record):
    """Fit a backbone to the labels of the training patients, starting from the one of the embed run `embedding`.

    `classes` are the names that items carry, in the order of the model's outputs. `mode` says what learns:

    - "lpft": the head is that of the linear classifier, then all learns `slower` times slower (Kumar et al. 2022)
    - "last": the same for the last stage of the network alone
    - "frozen": the head alone, on augmented images
    - "full": all, under a new head
    - "lora": small matrices beside those of a vision transformer (Hu et al. 2022), under the linear classifier's head
    """

    kind: Literal["finetune"] = "finetune"
    embedding: str
    source: str = ""
    """What the embedding was made with: a training run, "random" or "imagenet"."""
    classes: tuple[str, ...] = Field(min_length=2)
    mode: FinetuneMode = "lpft"
    epochs: int = Field(default=20, ge=1)
    """At most so many passes over the images; it ends earlier when `patience` of them brought nothing."""
    patience: int = Field(default=12, ge=1)
    batch_size: int = Field(default=32, ge=2)
    learning_rate: float = Field(default=3e-3, gt=0)
    """Peak rate of a head that learns alone or anew, and of the matrices of "lora"."""
    slower: float = Field(default=10.0, ge=1)
    weight_decay: float = Field(default=1e-2, ge=0)
    warmup_fraction: float = Field(default=0.1, ge=0, le=0.5)
    rank: int = Field(default=8, ge=1, le=64)
    """Of the matrices of "lora"."""
    preset: Preset = "auto"
    device: Device = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    seed: int = 0


class EmbedSpec(Record):
    """Embed the frozen items with a backbone: that of run `source`, or "random" / "imagenet"."""

    kind: Literal["embed"] = "embed"
    source: str
    backbone: str = "resnet18"
    image_size: int = Field(default=64, ge=16, le=1024)
    depth: int = Field(default=32, ge=8, le=256, multiple_of=8)
    batch_size: int = Field(default=128, ge=1)
    device: Device = "auto"
    seed: int = 0


class MapSpec(Record):
    """Project the embeddings of `embedding` to two dimensions and cluster them.

    With `keep`, the id of an earlier map made by the same backbone, what is on that map stays where it is and in its
    group, and only the other images are placed, among their neighbours.
    """

    kind: Literal["map"] = "map"
    embedding: str
    method: Literal["pca", "localmap"] = "localmap"
    grouping: Literal["kmeans", "density"] = "kmeans"
    """k-means on the embeddings, or HDBSCAN on the map."""
    clusters: int = Field(default=0, ge=0)
    """Number of clusters of k-means; 0 lets the silhouette choose."""
    keep: str = ""
    seed: int = 0


ExportFormat = Literal["package", "backbone", "monai"]


class ExportSpec(Record):
    """Write the model whose files stand in `artifacts/model/` of this run, in one of three forms.

    "package": model, card and prediction; "backbone": the network without its head for PyTorch, torchvision and timm;
    "monai": a MONAI bundle.
    """

    kind: Literal["export"] = "export"
    model: str
    embedding: str
    format: ExportFormat = "package"
    parity_images: int = Field(default=64, ge=1)


class PredictSpec(Record):
    """Score new files with a model package; sources and output path stand in the run's private folder."""

    kind: Literal["predict"] = "predict"
    batch_size: int = Field(default=32, ge=1)


class RetrieveSpec(Record):
    """Fetch studies from an archive (PACS); which, from where and to where stands in the run's private folder.

    `tries` is how often a series is asked for while nothing comes, `pause_seconds` the first pause between tries.
    """

    kind: Literal["retrieve"] = "retrieve"
    tries: int = Field(default=4, ge=1)
    pause_seconds: float = Field(default=1.0, ge=0)


Spec = (
    ImportSpec
    | TriageSpec
    | PretrainSpec
    | PreflightSpec
    | FinetuneSpec
    | EmbedSpec
    | MapSpec
    | ExportSpec
    | PredictSpec
    | RetrieveSpec
)
