"""The table of contents of the product: what each stage reads, writes and where it runs.

| stage          | reads                             | writes                              | runs in         |
|----------------|-----------------------------------|-------------------------------------|-----------------|
| retrieve       | an archive (PACS)                 | originals, outside the project      | job             |
| import_images  | folders, DICOM files, tables      | ledger, found images, pixel cache   | job             |
| triage         | frozen items, pixel cache         | findings, near-duplicates           | job             |
| catalogue      | rows                              | filters, patient-level splits       | window          |
| preflight      | frozen items, spec, pretext task  | memory, speed, minutes; nothing else | job            |
| pretrain       | frozen items, spec, pretext task  | checkpoints, metrics, backbone      | job             |
| embed          | backbone, frozen items            | embeddings (float16 matrix)         | job             |
| finetune       | backbone, frozen labelled items   | backbone, head, embeddings          | job             |
| map_embeddings | embeddings                        | 2-D map, clusters                   | job             |
| label          | the user                          | label commands, stored at once      | window          |
| classify       | embeddings, labels                | linear head, cross-validated scores | compute process |
| evaluate       | head, embeddings, test labels     | scores with intervals and n         | compute process |
| export         | model, backbone, frozen items     | model package with parity proof     | job             |
| predict        | model package, new files          | table of predictions                | job             |

Each job stage is one module here with one function ``run(spec, context) -> result``; modules are loaded by
name, in the worker only, so that nothing heavy is imported where it is merely listed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, get_args

from sslstudio.domain.runs import Stage
from sslstudio.errors import SSLStudioError

JOB_STAGES: tuple[Stage, ...] = get_args(Stage)


def load(stage: Stage) -> Callable[..., dict[str, Any]]:
    """The ``run`` function of a job stage, imported now. Called in a worker, never in the window."""
    if stage not in JOB_STAGES:
        raise SSLStudioError(f"There is no stage called {stage}.", "Update SSL Studio.", code="unknown_stage")
    run: Callable[..., dict[str, Any]] = importlib.import_module(f"{__name__}.{stage}").run
    return run
