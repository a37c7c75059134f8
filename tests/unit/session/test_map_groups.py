"""Names and changes of groups are kept with the map, and go on to the next one of the same backbone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sslstudio.domain.specs import MapSpec
from sslstudio.session import workflow
from sslstudio.session.map_groups import group_names, group_way, set_group_names, store_groups
from sslstudio.session.project import Project
from tests.fakes.project_runs import embedded, end, mapped


def half(image_id: int) -> np.ndarray:
    return np.array([image_id % 2, 1, 0, 0])


def adopted_map(project: Project, spec: MapSpec, cluster: np.ndarray) -> str:
    run_id = workflow.prepare_map(project, spec)
    ids = np.array([item.image_id for item in project.catalogue.items()], dtype=np.int64)
    xy = np.zeros((len(ids), 2), np.float32)
    np.savez(project.run_dir(run_id) / "artifacts" / "map.npz", ids=ids, xy=xy, cluster=cluster.astype(np.int32))
    end(project, run_id, clusters=3)
    workflow.adopt(project, run_id)
    return run_id


def test_changed_groups_are_those_of_the_map_from_then_on(filled: Project) -> None:
    first = mapped(filled, embedded(filled, half))
    data = workflow.load_map(filled, first)
    assert data is not None
    store_groups(filled, first, data.cluster + 1, {1: "Left", 2: "Right"}, "density")
    again = workflow.load_map(filled, first)
    assert again is not None
    np.testing.assert_array_equal(again.cluster, data.cluster + 1)
    np.testing.assert_array_equal(again.xy, data.xy)
    assert group_names(filled, first) == {1: "Left", 2: "Right"} and group_way(filled, first) == "density"


def test_names_go_on_to_the_next_map(filled: Project) -> None:
    embedding = embedded(filled, half)
    assert workflow.map_to_keep(filled, embedding) == ""
    first = mapped(filled, embedding)
    data = workflow.load_map(filled, first)
    assert data is not None
    set_group_names(filled, first, {0: "Zero", 2: "Two"})
    kept = adopted_map(filled, MapSpec(embedding=embedding, keep=first), data.cluster)
    assert group_names(filled, kept) == {0: "Zero", 2: "Two"}
    other_numbers = adopted_map(filled, MapSpec(embedding=embedding), (data.cluster + 1) % 3)
    assert group_names(filled, other_numbers) == {1: "Zero", 0: "Two"}
    workflow.adopt(filled, other_numbers)
    set_group_names(filled, other_numbers, {1: "Mine"})
    workflow.adopt(filled, other_numbers)
    assert group_names(filled, other_numbers) == {1: "Mine"}
    one_group = adopted_map(filled, MapSpec(embedding=embedding), np.zeros(len(data.ids)))
    assert group_names(filled, one_group) == {}
    assert workflow.map_to_keep(filled, embedding) == one_group
    elsewhere = embedded(filled, half, "imagenet")
    assert workflow.map_to_keep(filled, elsewhere) == ""
    (filled.maps_dir / f"{one_group}.npz").unlink()
    assert workflow.map_to_keep(filled, embedding) == other_numbers


def test_a_map_before_that_cannot_be_read_gives_no_names(filled: Project, tmp_path: Path) -> None:
    embedding = embedded(filled, half)
    first = mapped(filled, embedding)
    set_group_names(filled, first, {0: "Zero"})
    (filled.maps_dir / f"{first}.npz").write_bytes(b"PK nonsense")
    data = np.zeros(len(filled.catalogue.items()))
    assert group_names(filled, adopted_map(filled, MapSpec(embedding=embedding), data)) == {}
