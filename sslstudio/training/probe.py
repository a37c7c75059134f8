"""What a few labels say of features while they are being learned: a linear probe with patients held apart, in no time.

Ridge regression on class indicators in its dual form: one kernel matrix, one small system for each fold. It is no
substitute for the classifier of the Classify page, but ranks the epochs of a run as that does.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

MOST_IMAGES = 512
MOST_FOLDS = 5
LEAST_PATIENTS = 3
_RIDGE = 0.1


def choose_rows(
    labels: Sequence[str], patients: Sequence[str], parts: Sequence[str], generator: torch.Generator
) -> Tensor:
    """Rows to probe: labelled images that are not kept for testing, of whole patients, about 512 at most.

    Empty unless two classes have three patients each; rarer classes are left out.
    """
    usable = [row for row, label in enumerate(labels) if label and parts[row] != "test"]
    patients_of: dict[str, set[str]] = {}
    for row in usable:
        patients_of.setdefault(labels[row], set()).add(patients[row])
    classes = {label for label, found in patients_of.items() if len(found) >= LEAST_PATIENTS}
    usable = [row for row in usable if labels[row] in classes]
    if len(classes) < 2:
        return torch.empty(0, dtype=torch.int64)
    if len(usable) > MOST_IMAGES:
        names = sorted({patients[row] for row in usable})
        order = {names[at]: place for place, at in enumerate(torch.randperm(len(names), generator=generator).tolist())}
        usable = sorted(sorted(usable, key=lambda row: order[patients[row]])[:MOST_IMAGES])
    return torch.tensor(usable)


def folds(classes: Tensor, patients: Tensor) -> Tensor:
    """The fold (N,) of each image: patients dealt in turn within the class that most of their images have."""
    groups = int(patients.max()) + 1
    counts = torch.zeros(groups, int(classes.max()) + 1)
    counts.index_put_((patients, classes), torch.ones(len(classes)), accumulate=True)
    held = [int((counts[:, k] > 0).sum()) for k in range(counts.shape[1])]
    number = max(2, min(MOST_FOLDS, *held))
    fold_of = torch.zeros(groups, dtype=torch.int64)
    order = sorted(range(groups), key=lambda group: (int(counts[group].argmax()), group))
    fold_of[order] = torch.arange(groups) % number
    return fold_of[patients]


def accuracy(features: Tensor, classes: Tensor, patients: Tensor) -> float:
    """Balanced accuracy of features (N, D) for `classes` (N,), each image judged without its patient (N,)."""
    standard = features.float()
    standard = (standard - standard.mean(dim=0)) / standard.std(dim=0, unbiased=False).clamp(min=1e-6)
    kernel = standard @ standard.T / standard.shape[1]
    targets = torch.nn.functional.one_hot(classes).float()
    fold = folds(classes, patients)
    guess = torch.zeros_like(targets)
    for number in range(int(fold.max()) + 1):
        train, test = fold != number, fold == number
        counts = targets[train].sum(dim=0)
        weight = (targets[train] / counts.clamp(min=1)).sum(dim=1) * int(train.sum()) / int((counts > 0).sum())
        centre = (targets[train] * weight[:, None]).sum(dim=0) / weight.sum()
        system = kernel[train][:, train] + torch.diag(_RIDGE / weight)
        guess[test] = kernel[test][:, train] @ torch.linalg.solve(system, targets[train] - centre) + centre
    right = (guess.argmax(dim=1) == classes).double()
    return float(torch.stack([right[classes == k].mean() for k in classes.unique()]).mean())
