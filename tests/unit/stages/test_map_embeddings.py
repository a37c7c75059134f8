"""The map stage: on embeddings the project has or has not taken over yet, with a preview first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sslstudio.domain.items import Item
from sslstudio.domain.runs import Artifact, RunState
from sslstudio.domain.specs import MapSpec
from sslstudio.embeddings.density import density_groups
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.stages import map_embeddings
from sslstudio.stages.context import Cancelled
from tests.fakes.blobs import blobs
from tests.fakes.runs import map_job
from tests.fakes.stage_context import FakeStageContext, fake_context

N = 120
IDS = np.arange(N, dtype=np.int64) * 3 + 1


def embedded(root: Path, *, adopted: bool, n: int = N) -> Path:
    """Embeddings called embed-1 in the project `root`."""
    vectors = blobs(n)[0].astype(np.float16)
    folder = root / "embeddings" if adopted else root / "runs" / "embed-1" / "artifacts"
    folder.mkdir(parents=True)
    np.save(folder / ("embed-1.npy" if adopted else "embeddings.npy"), vectors)
    np.save(folder / ("embed-1.ids.npy" if adopted else "image_ids.npy"), IDS[:n])
    return folder


def context(root: Path, spec: MapSpec, items: tuple[Item, ...] = ()) -> FakeStageContext:
    return fake_context(root, "map_embeddings", spec, run_id="map-1", items=items)


def item(image_id: int) -> Item:
    return Item(
        image_id=image_id, subject="s", study="t", series="r", modality="", scanner="", shard="a.bin", offset=0,
        height=1, width=1, channels=1, dtype="uint8", low=0, high=255,
    )  # fmt: skip


@pytest.mark.parametrize("adopted", [True, False])
def test_preview_then_map(tmp_path: Path, adopted: bool) -> None:
    embedded(tmp_path, adopted=adopted)
    spec = MapSpec(embedding="embed-1", seed=3)
    run = context(tmp_path, spec)
    result = map_embeddings.run(spec, run)
    assert list(run.artifacts) == ["preview", "map"]
    assert result["method"] == "localmap" and result["count"] == N and result["clusters"] >= 2
    assert 0.5 < result["trustworthiness"] <= 1
    with np.load(run.run_dir / "artifacts" / "map.npz") as found, np.load(run.artifacts["preview"]) as preview:
        np.testing.assert_array_equal(found["ids"], IDS)
        assert found["ids"].dtype == np.int64
        assert found["xy"].shape == (N, 2) and found["xy"].dtype == np.float32
        assert found["cluster"].dtype == np.int32 and found["cluster"].max() + 1 == result["clusters"]
        np.testing.assert_array_equal(found["cluster"], preview["cluster"])
        assert not np.array_equal(found["xy"], preview["xy"])
    assert [done for done, *_ in run.progress_reports] == sorted(done for done, *_ in run.progress_reports)
    assert not run.warnings


def test_few_images(tmp_path: Path) -> None:
    embedded(tmp_path, adopted=True, n=12)
    spec = MapSpec(embedding="embed-1", clusters=3)
    run = context(tmp_path, spec)
    result = map_embeddings.run(spec, run)
    assert (result["method"], result["clusters"], result["count"]) == ("pca", 3, 12)
    assert run.warning_codes == ["few_images"]


def test_only_the_listed_images(tmp_path: Path) -> None:
    embedded(tmp_path, adopted=True)
    spec = MapSpec(embedding="embed-1", method="pca")
    run = context(tmp_path, spec, tuple(item(int(number)) for number in [*IDS[10:40], 9999]))
    assert map_embeddings.run(spec, run)["count"] == 30
    assert run.warning_codes == ["not_embedded"]
    with np.load(run.artifacts["map"]) as found:
        np.testing.assert_array_equal(found["ids"], IDS[10:40])
    with pytest.raises(SSLStudioError) as caught:
        map_embeddings.run(spec, context(tmp_path, spec, (item(9999),)))
    assert caught.value.code == "other_images"


def test_stopped_before_anything_is_arranged(tmp_path: Path) -> None:
    embedded(tmp_path, adopted=True)
    spec = MapSpec(embedding="embed-1")
    run = context(tmp_path, spec)
    run.cancel_after = 2
    with pytest.raises(Cancelled):
        map_embeddings.run(spec, run)
    assert "map" not in run.artifacts


def test_stopped_in_the_midst_the_layout_so_far_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_embeddings, "PREVIEW_SECONDS", 0.0)
    embedded(tmp_path, adopted=True)
    spec = MapSpec(embedding="embed-1")
    run = context(tmp_path, spec)
    run.cancel_after = 8
    result = map_embeddings.run(spec, run)
    assert result["stopped"] is True and result["trustworthiness"] > 0.4
    with np.load(run.artifacts["map"]) as found, np.load(run.artifacts["preview"]) as preview:
        np.testing.assert_array_equal(found["xy"], preview["xy"])


def test_groups_by_density_are_a_result_of_the_map(tmp_path: Path) -> None:
    embedded(tmp_path, adopted=True)
    spec = MapSpec(embedding="embed-1", grouping="density")
    run = context(tmp_path, spec)
    result = map_embeddings.run(spec, run)
    with np.load(run.artifacts["map"]) as found:
        np.testing.assert_array_equal(found["cluster"], density_groups(found["xy"]))
        assert result["clusters"] == found["cluster"].max() + 1 and result["grouping"] == "density"


def test_new_images_are_placed_and_nothing_moves(tmp_path: Path) -> None:
    embedded(tmp_path, adopted=True)
    spec = MapSpec(embedding="embed-1")
    before = context(tmp_path, spec, tuple(item(int(number)) for number in IDS[:100]))
    map_embeddings.run(spec, before)
    (tmp_path / "maps").mkdir()
    before.artifacts["map"].replace(tmp_path / "maps" / "map-1.npz")
    spec = MapSpec(embedding="embed-1", keep="map-1")
    after = fake_context(tmp_path, "map_embeddings", spec, run_id="map-2")
    result = map_embeddings.run(spec, after)
    assert (result["kept"], result["placed"], result["count"], result["method"]) == (100, 20, N, "placed")
    assert result["trustworthiness"] > 0.5
    kinds = blobs(N)[1]
    with np.load(tmp_path / "maps" / "map-1.npz") as old, np.load(after.artifacts["map"]) as new:
        np.testing.assert_array_equal(new["ids"], IDS)
        np.testing.assert_array_equal(new["xy"][:100], old["xy"])
        np.testing.assert_array_equal(new["cluster"][:100], old["cluster"])
        centres = np.array([old["xy"][kinds[:100] == kind].mean(axis=0) for kind in range(3)])
        lands = ((new["xy"][100:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        assert (lands == kinds[100:]).mean() >= 0.9
    spec = MapSpec(embedding="embed-1", keep="map-9")
    with pytest.raises(SSLStudioError) as caught:
        map_embeddings.run(spec, fake_context(tmp_path, "map_embeddings", spec, run_id="map-3"))
    assert caught.value.code == "map_damaged"


def test_missing_and_damaged_embeddings_are_told(tmp_path: Path) -> None:
    spec = MapSpec(embedding="embed-1")
    with pytest.raises(SSLStudioError) as missing:
        map_embeddings.run(spec, context(tmp_path, spec))
    assert missing.value.code == "no_embedding"
    folder = embedded(tmp_path, adopted=True)
    np.save(folder / "embed-1.ids.npy", IDS[:-1])
    with pytest.raises(SSLStudioError) as short:
        map_embeddings.run(spec, context(tmp_path, spec))
    (folder / "embed-1.npy").write_bytes(b"\x93NUMPY nonsense")
    with pytest.raises(SSLStudioError) as nonsense:
        map_embeddings.run(spec, context(tmp_path, spec))
    assert short.value.code == nonsense.value.code == "bad_embedding"


@pytest.mark.slow
def test_in_a_real_worker(tmp_path: Path) -> None:
    embedded(tmp_path, adopted=False)
    run = RunDirectory.create(tmp_path / "runs" / "map-1", map_job("map-1", MapSpec(embedding="embed-1")))
    LocalLauncher().start(run.path)
    assert control.wait(run.path, 120) is RunState.SUCCEEDED, run.log_tail()
    assert run.result()["method"] == "localmap"
    assert [event.name for event in run.events().events if isinstance(event, Artifact)] == ["preview", "map"]
    assert run.log_tail() == ""
