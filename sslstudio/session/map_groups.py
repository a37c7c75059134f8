"""The groups of a map as the user has left them: names, changes, and what of both goes on to the next map."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sslstudio.domain.specs import MapSpec
from sslstudio.errors import SSLStudioError
from sslstudio.session.project import Project
from sslstudio.session.results import load_map

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def group_names(project: Project, map_id: str) -> dict[int, str]:
    """The names that the user gave to groups of a map."""
    stored = project.catalogue.setting(f"group_names:{map_id}", {})
    return {int(number): str(name) for number, name in stored.items()}


def group_way(project: Project, map_id: str) -> str:
    """How the groups of a map came about: "kmeans", "density", or "" for the way its run took."""
    return str(project.catalogue.setting(f"group_way:{map_id}", ""))


def set_group_names(project: Project, map_id: str, names: Mapping[int, str]) -> None:
    """Keep the names of groups."""
    project.catalogue.set_setting(f"group_names:{map_id}", {str(number): name for number, name in names.items()})


def store_groups(
    project: Project, map_id: str, groups: NDArray[np.integer], names: Mapping[int, str], way: str
) -> None:
    """Keep other groups (N,) of a map's images, in the order of the map, with names and the `way` they came about."""
    from sslstudio.embeddings.map_files import write_groups

    write_groups(project.maps_dir / f"{map_id}.npz", groups)
    project.catalogue.set_setting(f"group_way:{map_id}", way)
    set_group_names(project, map_id, names)


def map_to_keep(project: Project, embedding: str, before: str = "") -> str:
    """The latest map made with the same backbone as an embedding; "" when there is none to place new images on.

    With `before`, the latest one older than that map.
    """
    rows = project.catalogue.runs()
    specs = {row.run_id: json.loads(row.spec_json) for row in rows}
    source = specs[embedding]["source"]
    same = {row.run_id for row in rows if row.stage == "embed" and specs[row.run_id]["source"] == source}
    names = [row.run_id for row in rows]
    older = rows[: names.index(before)] if before in names else rows
    for row in reversed(older):
        done = row.stage == "map_embeddings" and row.adopted and specs[row.run_id]["embedding"] in same
        if done and (project.maps_dir / f"{row.run_id}.npz").is_file():
            return row.run_id
    return ""


def hand_on_names(project: Project, map_id: str) -> None:
    """Names of groups go on from the map before, made with the same backbone, where they still fit.

    All of them where new images were placed on that map; else to the group that is mostly the same images. Nothing
    happens to a map whose groups have names.
    """
    spec = MapSpec.model_validate_json(project.catalogue.run(map_id).spec_json)
    earlier = spec.keep or map_to_keep(project, spec.embedding, before=map_id)
    names = group_names(project, earlier) if earlier else {}
    if not names or group_names(project, map_id):
        return
    if spec.keep:
        set_group_names(project, map_id, names)
        project.catalogue.set_setting(f"group_way:{map_id}", group_way(project, earlier))
        return
    try:
        old, new = load_map(project, earlier), load_map(project, map_id)
    except SSLStudioError:  # a map that cannot be read has no names to give
        return
    if old is None or new is None:
        return
    import numpy as np

    from sslstudio.embeddings.group_edits import carried

    _, there, here = np.intersect1d(old.ids, new.ids, assume_unique=True, return_indices=True)
    set_group_names(project, map_id, carried(old.cluster[there], names, new.cluster[here]))
