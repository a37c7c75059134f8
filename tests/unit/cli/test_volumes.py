"""Real series as volumes, from files to embeddings and a map, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sslstudio.__main__ import main
from sslstudio.domain.stacks import middles, stacks
from sslstudio.session import Project
from sslstudio.session.pairing import placed


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_real_series_become_vectors_by_their_middle_slices(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = str(tmp_path / "p.sslproj")
    assert main(["new", project]) == 0
    assert main(["import", project, str(shared_data / "dicom" / "mr-multivendor" / "20180918GE" / "mr_0004")]) == 0
    settings = ("--backbone", "resnet10_3d", "--image-size", "32", "--depth", "8", "--epochs", "1", "--batch-size", "4")
    assert main(["pretrain", project, *settings, "--precision", "float32"]) == 0
    capsys.readouterr()
    assert main(["embed", project, "simclr-1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    with Project.open(Path(project), read_only=True) as opened:
        volumes = stacks(placed(opened, opened.catalogue.items()))
        expected = [one.image_id for one in middles(volumes)]
        ids = np.load(opened.embeddings_dir / f"{told['run']}.ids.npy")
        vectors = np.load(opened.embeddings_dir / f"{told['run']}.npy")
        described = json.loads((opened.run_dir("simclr-1") / "artifacts" / "backbone.json").read_text())
    assert len(expected) >= 2 and ids.tolist() == expected
    assert (told["count"], told["slices"]) == (len(volumes), sum(len(one.slices) for one in volumes))
    assert vectors.shape == (len(volumes), 512) and float(vectors.astype(np.float32).std(axis=0).max()) > 0
    assert (described["name"], described["depth"]) == ("resnet10_3d", 8)
    assert main(["pretrain", project, "--task", "mae", "--backbone", "resnet10_3d"]) == 1
    assert "single images" in capsys.readouterr().err
