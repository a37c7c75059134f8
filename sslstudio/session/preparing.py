"""Preparing runs: freeze what a job needs into its run directory and add the run's row. Starts nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from sslstudio import __version__
from sslstudio.backbones.table import sees_volumes
from sslstudio.catalogue.runs import now
from sslstudio.domain.findings import KNOWN
from sslstudio.domain.items import Item
from sslstudio.domain.rendering import Rendering
from sslstudio.domain.runs import TRAININGS, Job, Stage
from sslstudio.domain.specs import (
    EARLIER,
    PUBLIC_STARTS,
    EmbedSpec,
    ImportSpec,
    MapSpec,
    PreflightSpec,
    PretrainSpec,
    RetrieveSpec,
    Spec,
    TriageSpec,
)
from sslstudio.domain.stacks import NO_VOLUMES, middles, stacks
from sslstudio.errors import SSLStudioError
from sslstudio.extensions.host import find_plugin
from sslstudio.extensions.manifest import PretextTaskEntry
from sslstudio.importers.chosen import ChosenSource
from sslstudio.importers.known import write_known
from sslstudio.importers.rendering import AUTO, look_of, preset
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.pacs.files import inside_project
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.problems import problem
from sslstudio.pacs.rows import Wish
from sslstudio.session import offering
from sslstudio.session.pairing import arrange, coverage, placed
from sslstudio.session.project import Project
from sslstudio.session.results import resolve_embedding
from sslstudio.session.subjects import Identity, keep_identity

RETRIEVE_REQUEST = "retrieve.json"
"""What a retrieval fetches, with the password; its worker deletes it once it has read it."""
RETRIEVE_FOLDER = "folder.json"
"""Where a retrieval puts its images; goes when the run is adopted."""


def prepare_import(
    project: Project,
    sources: Sequence[Path | ChosenSource],
    spec: ImportSpec,
    table: Path | None = None,
    *,
    only: Sequence[tuple[str, str]] | None = None,
) -> str:
    """A run that reads folders and files; `table` is a CSV that says whose each file is. Returns the run id.

    A source that is a `ChosenSource` is one of an earlier import, looked through again as it was chosen then. What the
    project knows of files goes with it, so that unchanged ones are passed over. `only` names single files to
    read as (source, path) of the import list, instead of all. A preset other than "auto" becomes what the model sees
    in this project. Raises SSLStudioError: "no_source" if nothing is given or something is not there, "unknown_preset".
    """
    named = [Path(one) for one in (*sources, table) if one is not None and not isinstance(one, ChosenSource)]
    absent = [source.name for source in named if not source.exists()]
    if (absent and only is None) or not (sources or only):
        what = f"{absent[0]} is not there." if absent else "There is nothing to import."
        raise SSLStudioError(what, "Choose folders or files that exist.", code="no_source")
    columns = (spec.image_column, spec.subject_column)
    picked = [one if isinstance(one, ChosenSource) else ChosenSource.of(Path(one), *columns) for one in sources]
    secret = {
        "sources": [str(one.path) for one in picked],
        "chosen": [astuple(one) for one in picked],
        "look": any(isinstance(one, ChosenSource) for one in sources),
        "table": None if table is None else str(Path(table).absolute()),
        "key": project.pseudonym_key.hex(),
        **({} if only is None else {"only": [list(one) for one in only]}),
    }

    def keep_private(folder: Path) -> None:
        (folder / "sources.json").write_text(json.dumps(secret), encoding="utf-8")
        (folder / "sources.json").chmod(0o600)
        lost = [shard for shard in project.catalogue.shards() if not (project.pixels_dir / shard).is_file()]
        if not write_known(folder / "known.sqlite", project.catalogue.known_files(lost)):
            (folder / "known.sqlite").unlink()

    if spec.preset != AUTO:
        wanted = preset(spec.preset)
        if not spec.dry_run and wanted != project.catalogue.rendering():
            project.catalogue.set_rendering(wanted)
    chosen = Identity(spec.subject_pattern, table, spec.order, spec.placeholders)
    if not spec.dry_run and only is None and chosen != Identity():
        keep_identity(project, chosen)
    name = "Trial import" if spec.dry_run else "Import"
    return write_run(project, "import", "import_images", name, spec, (), private=keep_private)


def prepare_retrieve(
    project: Project, node: PacsNode, password: str, wishes: Sequence[Wish], folder: Path, spec: RetrieveSpec
) -> str:
    """A run that fetches studies from an archive into a folder outside the project. Returns the run id.

    What is fetched, and the password, stand in the run's private folder until the worker has read them. Raises
    SSLStudioError: "no_source" (nothing chosen), "inside_project".
    """
    target = Path(folder).expanduser().absolute()
    if not wishes:
        raise SSLStudioError("There is nothing to retrieve.", "Choose studies first.", code="no_source")
    if inside_project(target):
        raise problem("inside_project", node.name)
    secret = {
        "node": node.model_dump(mode="json"),
        "password": password,
        "wishes": [wish.model_dump(mode="json") for wish in wishes],
        "folder": str(target),
    }

    def keep_private(private: Path) -> None:
        private.chmod(0o700)
        for name, content in ((RETRIEVE_REQUEST, secret), (RETRIEVE_FOLDER, {"folder": str(target)})):
            (private / name).touch(mode=0o600)
            (private / name).write_text(json.dumps(content), encoding="utf-8")

    return write_run(project, "retrieve", "retrieve", "Retrieve from an archive", spec, (), private=keep_private)


def receiving_folder(project: Project, run_id: str) -> Path | None:
    """Where a retrieval that has not been adopted yet puts its images; None when that is not known any more."""
    try:
        found = json.loads((project.run_dir(run_id) / "private" / RETRIEVE_FOLDER).read_bytes())
        return Path(str(found["folder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def prepare_triage(project: Project, spec: TriageSpec) -> str:
    """A run that looks at the images nobody has looked at (all of them with `spec.again`), excluded ones too.

    They are looked at as their files show them: what the model sees changes no finding.
    Raises SSLStudioError: "no_images", "nothing_new", "not_embedded".
    """
    as_filed = preset(AUTO)
    items = project.catalogue.items(include_excluded=True, rendering=as_filed)
    if not items:
        raise SSLStudioError("There is no image in the project.", "Import images first.", code="no_images")
    if not spec.again and not project.catalogue.images_not_looked_at() and not project.catalogue.images_not_searched():
        raise SSLStudioError(
            "All images were looked at already.", "Look at all of them again if you wish.", code="nothing_new"
        )
    if spec.embedding:
        spec = spec.model_copy(update={"embedding": resolve_embedding(project, spec.embedding)})
    known = project.catalogue.known_images()

    def add_known(artifacts: Path) -> None:
        with (artifacts / KNOWN).open("w", encoding="utf-8") as stream:
            stream.writelines(one.model_dump_json(exclude_defaults=True) + "\n" for one in known)

    return write_run(
        project, "triage", "triage", "Look through the images", spec, items, artifacts=add_known, rendering=as_filed
    )


def prepare_pretrain(project: Project, spec: PretrainSpec, weights_file: Path | None = None) -> str:
    """A run that pretrains on all images that are not excluded; `weights_file` holds weights to start from.

    Raises SSLStudioError: "no_images", "no_weights", "task_does_not_fit" (the method means nothing on these images or
    with this backbone), or what the plugin host says of an unknown pretext task.
    """
    plugin = find_plugin(spec.task)
    entry = plugin.task(spec.task)
    items = arrange(project, _items(project), spec, entry.requires)
    _check_fit(project, spec, entry, items)
    keep_private: Callable[[Path], None] | None = None
    if weights_file is not None:
        source = Path(weights_file)
        if not source.is_file():
            raise SSLStudioError("The weights file is not there.", "Choose another file.", code="no_weights")
        spec = spec.model_copy(update={"init": f"weights{source.suffix}"})

        def keep_private(folder: Path) -> None:
            shutil.copyfile(source, folder / spec.init)

    elif spec.init.startswith(EARLIER):
        _check_start(project, spec)
    elif spec.init == "imagenet" and sees_volumes(spec.backbone):
        raise SSLStudioError(
            "There are no ImageNet weights for backbones that see volumes.",
            "Start at random, from an earlier run, or from a weights file.",
            code="no_weights",
        )
    elif spec.init not in PUBLIC_STARTS:
        raise SSLStudioError("The start of the training is unclear.", "Choose random or imagenet.", code="no_weights")
    return write_run(
        project,
        _prefix(spec.task),
        "pretrain",
        f"{spec.task}, {spec.backbone}, {spec.image_size} px",
        spec,
        items,
        plugin=plugin.record,
        private=keep_private,
    )


def _check_fit(project: Project, spec: PretrainSpec, entry: PretextTaskEntry, items: Sequence[Item]) -> None:
    """Raise SSLStudioError ("task_does_not_fit") when the method means nothing here, with the reason."""
    why = offering.backbone_reason(entry.requires, spec.backbone)
    why = why or offering.reason(entry.requires, offering.data_facts(project, spec.preset))
    volumes = sees_volumes(spec.backbone)
    seen = middles(stacks(items)) if volumes else items
    if not why and volumes:
        why = offering.volume_reason(spec.backbone, len(seen))
    if not why and entry.requires.bags and not coverage(seen, spec.pairing).paired:
        why = f"By these pairing rules no two {'volumes' if volumes else 'images'} may be paired."
    if why:
        raise SSLStudioError(
            f"{entry.title} cannot be used here. {why}", "Choose another method or setting.", code="task_does_not_fit"
        )


def earlier_settings(project: Project, init: str) -> dict[str, Any]:
    """Backbone, image size and depth of the earlier run that `init` ("run:simclr-1") names; {} for any other start.

    Raises SSLStudioError ("unknown_run", "no_backbone").
    """
    if not init.startswith(EARLIER):
        return {}
    described = _trained(project, init.removeprefix(EARLIER))
    depth = {"depth": described["depth"]} if described.get("depth") else {}
    return {"backbone": described["name"], "image_size": described["image_size"], **depth}


def prepare_preflight(project: Project, training: PretrainSpec, *, fit: bool = False) -> str:
    """A run that tries `training` out for some steps and keeps nothing; raises as `prepare_pretrain` does."""
    plugin = find_plugin(training.task)
    entry = plugin.task(training.task)
    items = arrange(project, _items(project), training, entry.requires)
    _check_fit(project, training, entry, items)
    spec = PreflightSpec(training=training, fit=fit)
    return write_run(project, "preflight", "preflight", f"Trial of {training.task}", spec, items, plugin=plugin.record)


def _check_start(project: Project, spec: PretrainSpec) -> None:
    """Raise SSLStudioError ("unknown_run", "no_backbone", "weights_misfit") unless the earlier run fits as a start."""
    source = spec.init.removeprefix(EARLIER)
    trained = _trained(project, source)["name"]
    if trained != spec.backbone:
        raise SSLStudioError(
            f"The run {source} trained the backbone {trained}.", "Choose the same one.", code="weights_misfit"
        )


def _trained(project: Project, run_id: str) -> dict[str, Any]:
    """The description of the backbone that a pretraining made; raises SSLStudioError when there is none."""
    described = backbone_of(project, run_id) if project.catalogue.run(run_id).stage in TRAININGS else None
    if described is None:
        raise SSLStudioError(
            f"The run {run_id} has no finished backbone.", "Wait for it or resume it.", code="no_backbone"
        )
    return described


def prepare_embed(project: Project, spec: EmbedSpec) -> str:
    """A run that embeds all images that are not excluded, in the order of their ids.

    For a pretraining run as source, backbone, image size and what the model sees are those of that run. Raises
    SSLStudioError: "no_images", "no_volumes" (the backbone sees volumes and there are none), "unknown_run",
    "no_backbone" (that run has not finished a backbone).
    """
    items = _items(project)
    rendering: Rendering | None = None
    trained = ""
    if spec.source not in PUBLIC_STARTS:
        described = _trained(project, spec.source)
        spec = spec.model_copy(update={"backbone": described["name"], "image_size": described["image_size"]})
        seen = rendering_of(project, spec.source)
        if seen is not None and look_of(seen) != look_of(project.catalogue.rendering()):
            items, rendering, trained = project.catalogue.items(rendering=seen), seen, spec.source
    if sees_volumes(spec.backbone):
        items = placed(project, items)
        if not stacks(items):
            raise SSLStudioError(NO_VOLUMES, "Embed with a run that sees single images.", code="no_volumes")
    return write_run(
        project, "embed", "embed", f"Embed with {spec.source}", spec, items, rendering=rendering, rendering_of=trained
    )


def prepare_map(project: Project, spec: MapSpec) -> str:
    """A run that lays out and clusters `spec.embedding` (a name as in `resolve_embedding`), excluded images aside."""
    spec = spec.model_copy(update={"embedding": resolve_embedding(project, spec.embedding)})
    return write_run(project, "map", "map_embeddings", f"Map of {spec.embedding}", spec, _items(project))


def rendering_of(project: Project, run_id: str) -> Rendering | None:
    """What the model saw in a run; None for runs of versions that did not write it down."""
    try:
        return RunDirectory(project.run_dir(run_id)).job().rendering
    except SSLStudioError:
        return None


def write_run(
    project: Project,
    prefix: str,
    stage: Stage,
    name: str,
    spec: Spec,
    items: Iterable[Item],
    *,
    plugin: dict[str, str] | None = None,
    private: Callable[[Path], None] | None = None,
    artifacts: Callable[[Path], None] | None = None,
    rendering: Rendering | None = None,
    rendering_of: str = "",
) -> str:
    """Write the run directory, then the row; nothing of a run that could not be written whole is left behind."""
    run_id = project.catalogue.new_run_id(prefix)
    job = Job(
        run_id=run_id, stage=stage, name=name, spec=spec, created=now(), package_version=__version__,
        plugin=plugin or {}, rendering=rendering or project.catalogue.rendering(), rendering_of=rendering_of,
    )  # fmt: skip
    folder = project.run_dir(run_id)
    try:
        run = RunDirectory.create(folder, job, items)
        if private is not None:
            private(run.private_dir)
        if artifacts is not None:
            artifacts(run.artifacts_dir)
        project.catalogue.add_run(job)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise SSLStudioError(
            "The run could not be prepared: the project folder took no more files.",
            "Check free space and rights.",
            code="run_not_prepared",
        ) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return run_id


def _items(project: Project) -> list[Item]:
    items = project.catalogue.items()
    if not items:
        raise SSLStudioError("There is no image in the project.", "Import images first.", code="no_images")
    return items


def backbone_of(project: Project, run_id: str) -> dict[str, Any] | None:
    """`backbone.json` of a run, or None while there is none."""
    try:
        found: Any = json.loads((project.run_dir(run_id) / "artifacts" / "backbone.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"name", "image_size"} <= found.keys() else None


def _prefix(task: str) -> str:
    """A pretext task's id as the start of a run's name."""
    return "".join(letter if letter.isalnum() else "_" for letter in task.lower()).strip("_") or "pretrain"
