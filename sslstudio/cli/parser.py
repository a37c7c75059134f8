"""Every command and option by name; apart and free of imports, so that help and usage errors are instant.

Each command names the function that carries it out as "module:function" under `sslstudio.cli`; the two that open the
window name none.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio import __version__
from sslstudio.cli.arguments import add, count, subject_pattern
from sslstudio.cli.counting_arguments import counting_options
from sslstudio.cli.dividing_arguments import add_dividing, dividing_options
from sslstudio.cli.learning_arguments import add_finetuning, add_learning
from sslstudio.cli.predicting_arguments import ORDERS, add_predicting
from sslstudio.cli.sharing_arguments import add_sharing

if TYPE_CHECKING:
    from sslstudio.cli.arguments import Commands

RENDERINGS = (
    *("auto", "ct_lung", "ct_soft", "ct_bone", "ct_brain", "ct_stroke", "ct_subdural", "ct_lung_soft_bone"),
    *("ct_brain_subdural_bone", "mr", "xray", "mammography", "pet", "ultrasound", "histology", "dermoscopy", "fundus"),
    *("natural", "plain", "ct"),
)
WAYS = ("get", "move")
SEES = "what the model sees from now on, see `sslstudio rendering` (auto: no change)"
TOP_EPILOG = "Research use only; not a medical device. Nothing leaves this computer unless you query an archive (pacs)."
PACS_EPILOG = "Only the archive you name is contacted, and only by test, find and get."


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `function` of its result is "module:function" or "" for the window."""
    parser = argparse.ArgumentParser(
        prog="sslstudio",
        description="From unlabeled medical images to an honestly evaluated classifier. "
        "Without a command the window opens.",
        epilog=TOP_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"SSL Studio {__version__}")
    parser.set_defaults(command="", function="", json=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    _window(commands)
    _data(commands)
    add_learning(commands)
    _labelling(commands)
    _classifying(commands)
    _archives(commands)
    _workings(commands)
    return parser


def _window(commands: Commands) -> None:
    add(commands, "open", "", "open the window with a project")
    demo = add(commands, "demo", "demo:demo", "make a demo project of synthetic studies and open it", project=False)
    demo.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="where the demo project is kept")
    demo.add_argument("--headless", action="store_true", help="go through the whole journey without a window")
    demo.add_argument("--patients", type=count, default=60, metavar="N", help="synthetic patients (60)")
    demo.add_argument("--epochs", type=count, default=20, metavar="N", help="pretraining epochs, headless only (20)")


def _window_pair(text: str) -> tuple[float, float]:
    """CENTRE,WIDTH for argparse."""
    centre, comma, width = text.partition(",")
    if not comma:
        raise argparse.ArgumentTypeError("must look like CENTRE,WIDTH")
    return float(centre), float(width)


def _data(commands: Commands) -> None:
    add(commands, "new", "data:new", "make a new, empty project")
    _importing(commands)
    triage = add(
        commands, "triage", "triage:triage", "look through the images for duplicates, burned-in text and oddities"
    )
    triage.add_argument("--again", action="store_true", help="look at all images, not only at those that are new")
    triage.add_argument(
        "--embedding", default="", metavar="RUN", help="embeddings that settle doubtful duplicates (none)"
    )
    sees = add(commands, "rendering", "rendering:rendering", "say or change what the model sees of the images")
    sees.add_argument("--preset", choices=RENDERINGS, metavar="NAME", help=f"one of: {', '.join(RENDERINGS)}")
    sees.add_argument(
        "--window",
        dest="windows",
        type=_window_pair,
        action="append",
        default=[],
        metavar="CENTRE,WIDTH",
        help="window of CT in HU; once, or three times for three channels (--window=-600,1500)",
    )
    sees.add_argument("--undo", action="store_true", help="take the latest change back")
    embeddings = add(
        commands, "embeddings", "data:save_embeddings", "write the embeddings of a run as a NumPy or Parquet file"
    )
    embeddings.add_argument("run", metavar="RUN", help="pretraining or embedding run, random or imagenet")
    embeddings.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="FILE.npy, (N, D) float16 with FILE.ids.npy beside it, or FILE.parquet with patient, label, part",
    )
    add(commands, "runs", "data:runs", "list the runs and models of a project")


def _importing(commands: Commands) -> None:
    imports = add(commands, "import", "importing:import_images", "read folders and files of images into a project")
    imports.add_argument("sources", nargs="*", type=Path, metavar="SOURCE", help="folder, file, archive or table")
    _identity_options(imports)
    imports.add_argument("--changes", action="store_true", help="look again at all folders that were imported before")
    imports.add_argument(
        "--relink", action="store_true", help="only find known files again in SOURCE, where they were moved to"
    )
    imports.add_argument(
        "--max-pixels", type=count, metavar="N", help="largest image, in pixels of one frame (200000000)"
    )
    imports.add_argument("--preset", choices=RENDERINGS, default="auto", metavar="NAME", help=SEES)
    imports.add_argument("--dry-run", action="store_true", help="only say what would be imported and skipped")
    subjects = add(commands, "subjects", "importing:subjects", "change how patients are told apart")
    _identity_options(subjects)
    subjects.add_argument("--dry-run", action="store_true", help="only say what would change")
    subjects.add_argument("--undo", action="store_true", help="take the latest change back")
    ledger = add(commands, "ledger", "importing:save_ledger", "write the import list as a table")
    ledger.add_argument("-o", "--output", type=Path, required=True, metavar="CSV", help="table to write")
    ledger.add_argument("--paths", action="store_true", help="add file names and folders; they may identify patients")
    ledger.add_argument("--check", action="store_true", help="the list of the latest dry run instead")


def _identity_options(command: argparse.ArgumentParser) -> None:
    subject_pattern(command)
    command.add_argument(
        "--table", type=Path, metavar="FILE", help="CSV, TSV or Parquet table that names files, patients, and more"
    )
    command.add_argument("--image-column", default="", metavar="NAME", help="the table's column of files or folders")
    command.add_argument("--subject-column", default="", metavar="NAME", help="the table's column of patients")
    command.add_argument(
        "--patients-by",
        choices=ORDERS,
        default="header",
        help="what decides first: DICOM patient, DICOM study, or the pattern (header)",
    )
    command.add_argument(
        "--ignore-placeholders", action="store_true", help="patient ids that seem to stand for nobody count as blank"
    )


def _labelling(commands: Commands) -> None:
    label = add(commands, "label", "labelling:label", "take labels from a table")
    label.add_argument("--table", type=Path, required=True, metavar="CSV", help="table with a header row")
    label.add_argument("--image-column", default="image", metavar="NAME", help="column with the file name (image)")
    label.add_argument("--label-column", default="label", metavar="NAME", help="column with the class (label)")
    label.add_argument("--split-column", metavar="NAME", help="column that says train or test")
    label.add_argument(
        "--per-class", type=count, metavar="N", help="label only N images of each class of the part, drawn by seed"
    )
    label.add_argument("--part", choices=("train", "test"), default="train", help="the part that is drawn from (train)")
    label.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the draw (0)")
    labels = add(commands, "labels", "labelling:save_labels", "write all labels as a table")
    labels.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="table to write: .csv, .parquet"
    )
    labels.add_argument(
        "--file-names",
        action="store_true",
        help="add the file names, with folders where several are alike; they may identify patients",
    )
    labels.add_argument("--notes", action="store_true", help="add notes and sources; they may identify patients")
    labels.add_argument("--readings", action="store_true", help="add what other raters answered, a row each")
    merge = add(commands, "merge-labels", "labelling:merge", "take over the labels of another person's table")
    merge.add_argument("table", type=Path, metavar="TABLE", help="CSV, TSV or Parquet")
    merge.add_argument("--rater", default="", metavar="NAME", help="who labelled, where the table names nobody")
    merge.add_argument(
        "--conflicts",
        choices=("mine", "theirs", "leave"),
        default="leave",
        help="what holds where the table differs from a label; leave keeps both for a decision (leave)",
    )
    merge.add_argument("--image-column", default="", metavar="NAME", help="column with the file name (by its name)")
    merge.add_argument("--label-column", default="", metavar="NAME", help="column with the class (by its name)")
    merge.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
    add(commands, "agreement", "labelling:agreement", "say how far raters agree, with kappa and its interval")


def _classifying(commands: Commands) -> None:
    classify = add(commands, "classify", "classifying:classify", "fit a classifier on embeddings and labels")
    classify.add_argument("run", metavar="RUN", help="pretraining or embedding run, random or imagenet")
    classify.add_argument("--mode", choices=("linear",), default="linear", help="kind of classifier (linear)")
    classify.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (0)")
    dividing_options(classify)
    counting_options(classify)
    add_finetuning(commands)
    evaluate = add(commands, "evaluate", "classifying:evaluate", "score a model on the test images")
    evaluate.add_argument("model", metavar="MODEL", help="name of the model")
    counting_options(evaluate)
    evaluate.add_argument("--subgroups", action="store_true", help="how it does by scanner, site and other columns")
    evaluate.add_argument("--worst", type=int, default=0, metavar="N", help="the N most confidently wrong images")
    evaluate.add_argument("--against", metavar="MODEL", help="another model on the same images (DeLong's test)")
    add_dividing(commands)
    compare = add(commands, "compare", "classifying:compare", "compare embeddings by few-label classifiers")
    compare.add_argument("runs", nargs="+", metavar="RUN", help="pretraining or embedding run, random or imagenet")
    compare.add_argument(
        "--per-class",
        type=int,
        nargs="+",
        default=[10, 50, 0],
        metavar="N",
        help="labels per class; 0 is all (10 50 0)",
    )
    compare.add_argument("--draws", type=count, default=10, metavar="N", help="draws of the few labels (10)")
    compare.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the first draw (0)")
    export = add(
        commands,
        "export",
        "classifying:export",
        "write a model package that predicts on its own, a network for PyTorch, or a MONAI bundle",
    )
    export.add_argument("model", metavar="MODEL", help="name of the model")
    export.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write; must not exist"
    )
    export.add_argument(
        "--format",
        choices=("package", "backbone", "monai"),
        default="package",
        help="the model package, the network alone for timm, torchvision and torch.export, or a MONAI bundle (package)",
    )
    export.add_argument(
        "--anyway", action="store_true", help="write it even if the sharing check finds names or paths in it"
    )
    add_sharing(commands)
    add_predicting(commands)


def _date(text: str) -> str:
    """A day as YYYY-MM-DD or YYYYMMDD, for argparse; returns YYYYMMDD, "" for no day."""
    digits = text.replace("-", "")
    if not digits:
        return ""
    try:
        datetime.datetime.strptime(digits, "%Y%m%d")
    except ValueError:
        raise argparse.ArgumentTypeError("must look like 2024-03-31") from None
    return digits


def _archives(commands: Commands) -> None:
    about = "query and retrieve from hospital archives (PACS)"
    pacs = commands.add_parser("pacs", help=about, description=about[0].upper() + about[1:] + ".", epilog=PACS_EPILOG)
    verbs = pacs.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    _verb(verbs, "list", "pacs:list_nodes", "list the archives that are set up")
    _node(verbs)
    for verb, function, text in (
        ("remove", "remove_node", "forget an archive"),
        ("test", "verify_node", "see whether an archive answers, takes queries and hands images over"),
    ):
        one = _verb(verbs, verb, f"pacs:{function}", text)
        one.add_argument("name", metavar="NAME", help="name of the archive")
    find = _verb(verbs, "find", "pacs:find", "list the studies of an archive that match; names patients")
    find.add_argument("name", metavar="NAME", help="name of the archive")
    _study_query(find)
    get = add(
        verbs, "get", "pacs:get", "fetch studies into a folder; what is there is not fetched twice", project=False
    )
    get.add_argument("name", metavar="NAME", help="name of the archive")
    get.add_argument("studies", nargs="*", metavar="STUDY[/SERIES]", help="UIDs; without any, what the query finds")
    get.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder; its files name patients")
    get.add_argument("--project", type=Path, metavar="PROJECT", help="then import the folder into this project")
    _study_query(get)
    _verb(verbs, "ask", "pacs:ask", "answer questions from standard input, as the window puts them")


def _verb(verbs: Commands, name: str, function: str, text: str) -> argparse.ArgumentParser:
    command = add(verbs, name, function, text, project=False)
    command.epilog = PACS_EPILOG
    return command


def _node(verbs: Commands) -> None:
    add = _verb(verbs, "add", "pacs:add_node", "set an archive up; passwords are never stored")
    add.add_argument("name", metavar="NAME", help="what you call it")
    add.add_argument("--url", metavar="URL", help="DICOMweb address: https://pacs.example/dicom-web")
    add.add_argument("--host", metavar="HOST", help="DIMSE: name or IP address of the archive")
    add.add_argument("--port", type=int, metavar="N", help="DIMSE: port of the archive (104)")
    add.add_argument("--called-ae", metavar="TITLE", help="DIMSE: AE title of the archive")
    add.add_argument("--calling-ae", metavar="TITLE", help="DIMSE: AE title of this computer (SSLSTUDIO)")
    add.add_argument("--retrieve", choices=WAYS, help="DIMSE: C-GET or C-MOVE (get)")
    add.add_argument("--listen-host", metavar="HOST", help="C-MOVE: address of this computer that receives images")
    add.add_argument("--listen-port", type=int, metavar="N", help="C-MOVE: port that receives images (11112)")
    add.add_argument("--sender-ae", metavar="TITLE", help="C-MOVE: AE title that sends, if not that of the archive")
    add.add_argument("--tls", action="store_const", const=True, help="DIMSE: encrypt the connection")
    add.add_argument("--ca-file", metavar="FILE.pem", help="certificate to trust beside the system's")
    add.add_argument("--cert-file", metavar="FILE.pem", help="certificate of this computer")
    add.add_argument("--key-file", metavar="FILE.pem", help="key of that certificate")
    add.add_argument("--user", metavar="NAME", help="DICOMweb: user name; the password is asked for when it is needed")
    add.add_argument("--timeout", type=float, metavar="S", help="how long the archive may be silent, in seconds (30)")
    add.add_argument("--replace", action="store_true", help="change the archive of this name")
    add.set_defaults(kind=None)


def _study_query(command: argparse.ArgumentParser) -> None:
    command.add_argument("--patient-id", default="", metavar="ID", help="* stands for any letters, ? for one")
    command.add_argument("--patient-name", default="", metavar="NAME", help="beginning, as Family, Given")
    command.add_argument("--from", dest="date_from", type=_date, default="", metavar="DAY", help="first study date")
    command.add_argument("--to", dest="date_to", type=_date, default="", metavar="DAY", help="last study date")
    command.add_argument("--modality", default="", metavar="CODE", help="CT, MR, CR, DX, MG, US, ...")
    command.add_argument("--description", default="", metavar="TEXT", help="part of the study description")
    command.add_argument("--accession", default="", metavar="NUMBER", help="accession number")
    command.add_argument("--limit", type=count, default=500, metavar="N", help="most studies to list (500)")


def _workings(commands: Commands) -> None:
    run = add(commands, "run", "workings:run", "carry out a run directory (what jobs are made of)", project=False)
    run.add_argument("run_dir", type=Path, metavar="RUN_DIR", help="folder with job.json")
    about = "begin, list, check, enable or disable plugins"
    plugin = commands.add_parser("plugin", help=about, description=about[0].upper() + about[1:] + ".")
    verbs = plugin.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    add(verbs, "list", "workings:list_plugins", "list the plugins found, with their state", project=False)
    new = add(verbs, "new", "workings:new_plugin", "write a new plugin that works, to be changed", project=False)
    new.add_argument("path", type=Path, metavar="FOLDER", help="a new folder; its name becomes the plugin's")
    new.add_argument("--title", default="", metavar="TEXT", help="what its card is called")
    check = add(verbs, "check", "workings:check_plugin", "run the contract checks on a plugin", project=False)
    check.add_argument("path", type=Path, metavar="PATH", help="folder with plugin.toml")
    for verb, text in (("enable", "agree to run a plugin's code as it is now"), ("disable", "withdraw that")):
        change = add(verbs, verb, f"workings:{verb}_plugin", text, project=False)
        change.add_argument("plugin", metavar="ID", help="name of the plugin")
    add(commands, "doctor", "workings:doctor", "look at this computer and the installation", project=False)
