"""What one can do with an open project, in the order of the journey: prepare and adopt runs, label, fit, evaluate.

Every function either finishes at once or writes a run directory and a run row and starts nothing; whoever calls it
starts the job (`jobs.launcher`) and calls `adopt` when the run has ended.
"""

from sslstudio.session.adopting import adopt, adopt_import, discard_import, reattach, unfinished_imports
from sslstudio.session.classifying import ensure_split, evaluate, fit_linear
from sslstudio.session.exporting import prepare_export
from sslstudio.session.finetuning import compare_with_linear, prepare_finetune
from sslstudio.session.label_table import LabelImport, label_from_table
from sslstudio.session.map_groups import map_to_keep
from sslstudio.session.preparing import (
    earlier_settings,
    prepare_embed,
    prepare_import,
    prepare_map,
    prepare_preflight,
    prepare_pretrain,
    prepare_retrieve,
    prepare_triage,
    receiving_folder,
)
from sslstudio.session.results import MapData, load_embeddings, load_map, resolve_embedding

__all__ = [
    "LabelImport",
    "MapData",
    "adopt",
    "adopt_import",
    "compare_with_linear",
    "discard_import",
    "earlier_settings",
    "ensure_split",
    "evaluate",
    "fit_linear",
    "label_from_table",
    "load_embeddings",
    "load_map",
    "map_to_keep",
    "prepare_embed",
    "prepare_export",
    "prepare_finetune",
    "prepare_import",
    "prepare_map",
    "prepare_preflight",
    "prepare_pretrain",
    "prepare_retrieve",
    "prepare_triage",
    "reattach",
    "receiving_folder",
    "resolve_embedding",
    "unfinished_imports",
]
