"""Which files two trainings are compared by: the embedding and the map of each."""

from __future__ import annotations

from sslstudio.errors import SSLStudioError
from sslstudio.session.project import Project
from sslstudio.session.results import load_map, resolve_embedding


def comparison_files(project: Project, source: str) -> tuple[str, str, str]:
    """Vectors, ids and map of what `source` (a training, "random" or "imagenet") made of the images.

    Raises SSLStudioError: "not_embedded", "no_map".
    """
    embedding = resolve_embedding(project, source)
    layout = load_map(project, embedding)
    if layout is None:
        raise SSLStudioError(f"There is no map of {source} yet.", f"Embed {source} and draw its map.", code="no_map")
    folder = project.embeddings_dir
    return (
        str(folder / f"{embedding}.npy"),
        str(folder / f"{embedding}.ids.npy"),
        str(project.maps_dir / f"{layout.map_id}.npz"),
    )
