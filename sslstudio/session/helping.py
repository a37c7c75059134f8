"""Is pretraining helping? A run against its start, random weights and ImageNet, by the labels there are; in a sentence.

The test part is not looked at: it stays untouched for the scores of a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sslstudio.backbones import at_hand
from sslstudio.backbones.table import sees_volumes
from sslstudio.domain.specs import EARLIER, PUBLIC_STARTS, EmbedSpec, PretrainSpec
from sslstudio.domain.words import percent
from sslstudio.errors import SSLStudioError
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sslstudio.classifiers.benefit import Benefit, Standing


@dataclass(frozen=True)
class Candidate:
    """An embedding that takes part: what it is called, and how it is made."""

    title: str
    spec: EmbedSpec


def candidates(project: Project, run_id: str) -> tuple[list[Candidate], list[str]]:
    """What to compare `run_id` with, the run first, and sentences on what must be left out.

    Raises SSLStudioError: "unknown_run", "not_a_pretraining".
    """
    row = project.catalogue.run(run_id)
    if row.stage != "pretrain":
        raise SSLStudioError(f"{run_id} is no pretraining.", "Choose a pretraining.", code="not_a_pretraining")
    spec = PretrainSpec.model_validate_json(row.spec_json)

    def made(source: str) -> EmbedSpec:
        return EmbedSpec(
            source=source, backbone=spec.backbone, image_size=spec.image_size, depth=spec.depth, seed=spec.seed
        )

    found, left_out = [Candidate(run_id, made(run_id))], []
    if spec.init.startswith(EARLIER):
        earlier = spec.init.removeprefix(EARLIER)
        found.append(Candidate(f"its start, {earlier}", made(earlier)))
    elif spec.init not in PUBLIC_STARTS:
        left_out.append("Its start was a weights file, which the project does not keep; random weights stand for it.")
    if spec.init == "imagenet" or at_hand.imagenet(spec.backbone):
        title = "its start, ImageNet" if spec.init == "imagenet" else "ImageNet"
        found.append(Candidate(title, made("imagenet")))
    elif sees_volumes(spec.backbone):
        left_out.append("There are no ImageNet weights for networks that see volumes.")
    else:
        left_out.append("ImageNet weights of this network are not on this computer, so they are left out.")
    random = "its start, random weights" if spec.init == "random" else "random weights"
    stands_first = spec.init != "imagenet" and not spec.init.startswith(EARLIER)
    found.insert(1 if stands_first else len(found), Candidate(random, made("random")))
    return found, left_out


def embedding_of(project: Project, candidate: Candidate) -> str | None:
    """The newest embedding of a candidate that is up to date; None when it must be made first."""
    wanted = candidate.spec
    source = next((row for row in project.catalogue.runs() if row.run_id == wanted.source), None)
    for row in reversed(project.catalogue.runs()):
        if row.stage != "embed" or not row.adopted or not (project.embeddings_dir / f"{row.run_id}.npy").is_file():
            continue
        spec = EmbedSpec.model_validate_json(row.spec_json)
        if source is not None and spec.source == source.run_id and row.created >= source.finished:
            return row.run_id
        same = _shape(spec) == _shape(wanted)
        if source is None and same and (wanted.source == "imagenet" or spec.seed == wanted.seed):
            return row.run_id
    return None


def _shape(spec: EmbedSpec) -> tuple[str, str, int, int]:
    return spec.source, spec.backbone, spec.image_size, spec.depth if sees_volumes(spec.backbone) else 0


def judge(
    project: Project,
    embeddings: Sequence[tuple[str, str]],
    seed: int = 0,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Benefit:
    """Compare (title, embed run) pairs by the project's labels, the first with the others; see `classifiers.benefit`.

    Takes seconds to a minute: call it from a command; the window gives `material` to a child process (`judged`).
    Raises SSLStudioError "few_labels", "stale_embedding".
    """
    from sslstudio.classifiers import benefit

    vectors, y, subjects = material(project, embeddings)
    return benefit.judge(vectors, y, subjects, seed, progress)


def material(
    project: Project, embeddings: Sequence[tuple[str, str]]
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.int64], NDArray[np.str_]]:
    """What is judged: vectors (N, D) of each (title, embed run), classes (N,) and patients (N,) of labelled images.

    The test part is left out; for networks that see volumes, whose vectors stand under their middle slices, so are the
    labels of other slices. Raises SSLStudioError "stale_embedding".
    """
    import numpy as np

    items = [item for item in project.catalogue.items() if item.label and item.part != "test"]
    loaded = {name: load_embeddings(project, name) for _, name in embeddings}
    rows_of = {name: {int(image_id): row for row, image_id in enumerate(ids)} for name, (ids, _) in loaded.items()}
    for name in loaded:
        if sees_volumes(EmbedSpec.model_validate_json(project.catalogue.run(name).spec_json).backbone):
            items = [item for item in items if item.image_id in rows_of[name]]
    classes = sorted({item.label for item in items})
    vectors = {}
    for title, embedding in embeddings:
        (_, values), row_of = loaded[embedding], rows_of[embedding]
        if any(item.image_id not in row_of for item in items):
            raise SSLStudioError(
                f"{embedding} lacks some of the labelled images.", "Embed the images again.", code="stale_embedding"
            )
        vectors[title] = np.asarray(values[[row_of[item.image_id] for item in items]], np.float32)
    y = np.array([classes.index(item.label) for item in items], np.int64)
    return vectors, y, np.array([item.subject for item in items])


@dataclass(frozen=True)
class Answer:
    """The answer in words, and (name, balanced accuracy, low, high) of everything compared, the run first."""

    words: str
    standings: tuple[tuple[str, float, float | None, float | None], ...]


def judged(vectors: dict[str, NDArray[np.float32]], y: NDArray[np.int64], subjects: NDArray[np.str_]) -> Answer:
    """`judge` for a child process: plain data in, plain data out. Raises SSLStudioError "few_labels"."""
    from sslstudio.classifiers import benefit

    found = benefit.judge(vectors, y, subjects)
    rows = tuple(
        (one.name, one.value, *(one.interval if one.interval is not None else (None, None))) for one in found.standings
    )
    return Answer(answer(found), rows)


def answer(found: Benefit) -> str:
    """The answer in sentences: yes, no, or that it cannot be told yet; against the start of the run."""
    run, start = found.standings[0], found.standings[1]
    of_its_own = start.name.startswith("its start")
    name = f"{start.name}," if of_its_own else start.name
    figures = (
        f"A classifier on what {run.name} has learned is right in {percent(run.value)} of cases, on {name} in "
        f"{percent(start.value)}: {_points(start)}"
    )
    basis = (
        f"This rests on {found.n_images} labelled images of {found.n_subjects} patients, without those of the test "
        "part; every class counts alike."
    )
    if start.verdict == "better":
        better = [one for one in found.standings[2:] if one.verdict == "worse"]
        still = f" But {better[0].name} does better still: {percent(better[0].value)}." if better else ""
        return f"Yes. {figures}.{still} {basis}"
    if start.verdict == "worse":
        other = "The start" if of_its_own else "What it was compared with"
        return f"No. {figures}. {other} serves you better. {basis}"
    if start.verdict == "same":
        return f"No. {figures}; a difference of more than 2 points is ruled out. {basis}"
    unclear = f"It cannot be told yet. {figures}, so that either may be the better one."
    return f"{unclear} {basis} More patients would narrow it."


def _points(start: Standing) -> str:
    """ "9.5 points less, 95 % interval 21.8 less to 2.5 more"."""
    if start.above is None or start.above_interval is None:
        return "no interval, for too few patients"
    low, high = (_more(value) for value in start.above_interval)
    number, _, way = _more(start.above).partition(" ")
    return f"{number} points {way}, 95 % interval {low} to {high}"


def _more(value: float) -> str:
    return f"{abs(100 * value):.1f} {'more' if value >= 0 else 'less'}"
