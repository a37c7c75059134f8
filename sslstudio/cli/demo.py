"""The demo: synthetic studies in a project of their own, and without a window the whole journey on them.

Everything is generated here and now; there is no real patient in it and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sslstudio.cli.classifying import interval
from sslstudio.cli.follow import carry_out, opened
from sslstudio.cli.labelling import keep_few
from sslstudio.cli.output import Output, Result
from sslstudio.domain.specs import EmbedSpec, ImportSpec, MapSpec, PretrainSpec
from sslstudio.session import workflow
from sslstudio.session.project import Project

PER_CLASS = 10
NEW_PATIENTS = 12
NEW_SEED = 1
IMAGE_SIZE = 64


def demo(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio demo [DIR] [--headless] [--patients N]`; the window is opened by the caller with the result."""
    folder = (options.folder or default_folder()).resolve()
    if options.headless:
        return journey(folder, options.patients, options.epochs, output)
    path = folder / "Demo.sslproj"
    if path.is_dir():
        output.note(f"Opening the demo project in {folder}")
        return {"project": str(path), "made": False}
    _, path = prepare(folder, path, options.patients, output)
    return {"project": str(path), "made": True}


def default_folder() -> Path:
    """Where the demo is kept when the user names no folder: among the user's data."""
    import platformdirs

    return platformdirs.user_data_path("sslstudio", appauthor=False) / "demo"


def prepare(folder: Path, path: Path, patients: int, output: Output) -> tuple[Path, Path]:
    """Write the studies below `folder` if need be, and import them into a new project at `path`.

    Returns the truth table and the project's folder.
    """
    studies = folder / f"studies-{patients}"
    with step(output, f"Drawing synthetic studies of {patients} patients"):
        truth = write_studies(studies, patients, seed=0)
    project = Project.create(path)
    try:
        with step(output, "Importing them"):
            carry_out(project, workflow.prepare_import(project, [studies], ImportSpec()), output)
        return truth, project.path
    finally:
        project.close()


def write_studies(folder: Path, patients: int, *, seed: int) -> Path:
    """The synthetic studies and their truth table."""
    from sslstudio.importers import synthetic

    return synthetic.write_studies(folder, patients=patients, seed=seed)


def journey(folder: Path, patients: int, epochs: int, output: Output) -> Result:
    """From files to predictions on new files, without a window; the numbers of every step."""
    started = time.monotonic()
    truth, path = prepare(folder, free_name(folder), patients, output)
    result: Result = {"project": str(path)}
    with opened(path) as project:
        counts = project.catalogue.counts()
        result |= {"images": counts.images, "patients": counts.subjects}
        output.say(f"{counts.images} images of {counts.subjects} patients")
        result |= learn(project, epochs, output)
        result |= classify(project, truth, result["embedding"], output)
        package = export(project, result["model"], output)
        result["package"] = str(package)
    result |= predict(folder, package, output)
    result["seconds"] = round(time.monotonic() - started, 1)
    output.say(f"The whole journey took {result['seconds']:.0f} s; the project is {path}")
    return result


def free_name(folder: Path) -> Path:
    """A project name below `folder` that is not taken; what an earlier run made is never touched."""
    taken = 1
    path = folder / "Demo.sslproj"
    while path.exists():
        taken += 1
        path = folder / f"Demo {taken}.sslproj"
    return path


def learn(project: Project, epochs: int, output: Output) -> Result:
    """Pretrain with SimCLR, embed and map."""
    with step(output, f"Learning from the images without labels, {epochs} epochs of SimCLR"):
        spec = PretrainSpec(task="simclr", image_size=IMAGE_SIZE, epochs=epochs, batch_size=32, preset="xray")
        pretrained = carry_out(project, workflow.prepare_pretrain(project, spec), output)
    with step(output, "Turning every image into a vector"):
        embed = EmbedSpec(source=pretrained["run"], image_size=IMAGE_SIZE)
        embedding = carry_out(project, workflow.prepare_embed(project, embed), output)["run"]
    with step(output, "Laying the images out on a map"):
        mapped = carry_out(project, workflow.prepare_map(project, MapSpec(embedding=embedding)), output)
    output.say(f"loss {pretrained['loss']:.2f} (chance {pretrained['chance']:.2f}), {mapped['clusters']} clusters")
    return {
        "pretrain": pretrained["run"],
        "loss": pretrained["loss"],
        "chance": pretrained["chance"],
        "embedding": embedding,
        "clusters": mapped["clusters"],
    }


def classify(project: Project, truth: Path, embedding: str, output: Output) -> Result:
    """Label a few images of each class from the generator's truth, fit a classifier, score it on other patients."""
    workflow.label_from_table(project, truth, "image", "label")
    keep_few(project, PER_CLASS, "train", seed=0)
    with step(output, f"Fitting a classifier on {PER_CLASS} labels of each class"):
        model = workflow.fit_linear(project, embedding)
    scores = workflow.evaluate(project, model)
    balanced = scores["balanced_accuracy"]
    n, subjects = scores["n_images"], scores["n_subjects"]
    output.say(f"balanced accuracy {interval(balanced)} on {n} test images of {subjects} other patients")
    return {"model": model, "balanced_accuracy": balanced, "test_images": n, "test_patients": subjects}


def export(project: Project, model: str, output: Output) -> Path:
    """Write the model package; returns its folder."""
    with step(output, "Writing the model package"):
        run_id = workflow.prepare_export(project, model)
        carry_out(project, run_id, output)
    return project.run_dir(run_id) / "artifacts" / "package"


def predict(folder: Path, package: Path, output: Output) -> Result:
    """Draw patients nobody has seen, and let the package alone name what they have."""
    from sslstudio.exporters import predictor

    studies = folder / "new-patients"
    truth = write_studies(studies, NEW_PATIENTS, seed=NEW_SEED)
    table = folder / "predictions.csv"
    with step(output, f"Predicting on new studies of {NEW_PATIENTS} patients, from the package alone"):
        summary = predictor.predict(
            package, [studies], table, lambda done, total: output.progress(done, total, "files")
        )
    right, n = agreement(truth, table)
    output.say(f"{right} of {n} new images named rightly; the table is {table}")
    return {"predicted": summary["predicted"], "right": right, "new_images": n, "predictions": str(table)}


def agreement(truth: Path, table: Path) -> tuple[int, int]:
    """How many rows of a table of predictions name the true class, of how many rows that could be looked up."""
    with truth.open(newline="", encoding="utf-8") as stream:
        labels = {row["image"]: row["label"] for row in csv.DictReader(stream)}
    with table.open(newline="", encoding="utf-8") as stream:
        rows = [(labels.get(row["file"]), row["label"]) for row in csv.DictReader(stream)]
    known = [(truly, predicted) for truly, predicted in rows if truly is not None and predicted]
    return sum(truly == predicted for truly, predicted in known), len(known)


@contextmanager
def step(output: Output, text: str) -> Iterator[None]:
    """Say what is being done before it is done, and how long it took."""
    output.note(f"{text} ...")
    started = time.monotonic()
    yield
    output.note(f"  done in {time.monotonic() - started:.0f} s")
