"""Looking at all images with a stored classifier, run in the compute process, which reads the files itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sslstudio.errors import SSLStudioError

BLOCK = 8192


@dataclass(frozen=True)
class Applied:
    """`probabilities` (N, K) of images `ids` (N,) for `class_ids` (K,); `train_ids` are those it has learned from."""

    ids: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    class_ids: tuple[int, ...]
    train_ids: npt.NDArray[np.int64]
    tested: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None
    """Of the latest evaluation: images (T,), the class ids of their labels and those they were called; None without."""


def apply_model(model_folder: str, embeddings_folder: str) -> Applied:
    """Probabilities of all images that the model's embedding holds."""
    from sslstudio.classifiers.linear import LinearHead, predict_proba

    folder = Path(model_folder)
    described = json.loads((folder / "model.json").read_bytes())
    with np.load(folder / "head.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in ("coef", "intercept", "mean", "scale", "train_ids")}
    train_ids = arrays.pop("train_ids")
    head = LinearHead(**arrays, C=described["C"], temperature=described["temperature"])
    embedding = Path(embeddings_folder) / described["embedding"]
    ids = np.load(embedding.with_name(embedding.name + ".ids.npy"), allow_pickle=False).astype(np.int64)
    vectors = np.load(embedding.with_name(embedding.name + ".npy"), mmap_mode="r", allow_pickle=False)
    shares = np.empty((len(ids), len(described["classes"])), dtype=np.float32)
    for start in range(0, len(ids), BLOCK):
        block = np.asarray(vectors[start : start + BLOCK], dtype=np.float32)
        shares[start : start + BLOCK] = predict_proba(head, block)
    class_ids = tuple(int(value) for value in described["class_ids"])
    return Applied(ids, shares, class_ids, train_ids.astype(np.int64), _tested(folder, class_ids))


def _tested(
    folder: Path, class_ids: tuple[int, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    from sslstudio.session import tested

    try:
        said = tested.read(folder)
    except SSLStudioError:  # a model of an older version, or one that was not tested
        return None
    names = np.asarray(class_ids, dtype=np.int64)
    return said.ids, names[said.y], names[said.proba.argmax(axis=1)]
