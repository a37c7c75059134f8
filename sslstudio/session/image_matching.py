"""Which images a row of a table means: by the end of a path, or by the number that the project itself exported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence


class Matcher:
    """Finds images by the end of their path."""

    def __init__(self, paths: Sequence[tuple[str, int]]) -> None:
        self._by_name: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for path, image_id in paths:
            whole = path.replace("\\", "/")
            self._by_name[whole.rpartition("/")[2]].append((whole, image_id))

    def find(self, value: str) -> tuple[list[int], bool]:
        """The images of the file that ends in `value`, and whether only one file does (or equal copies of one)."""
        wanted = value.replace("\\", "/").removeprefix("./").strip("/")
        fits = [
            (path, image_id)
            for path, image_id in self._by_name.get(wanted.rpartition("/")[2], ())
            if path == wanted or path.endswith(f"/{wanted}")
        ]
        by_path: dict[str, set[int]] = defaultdict(set)
        for path, image_id in fits:
            by_path[path].add(image_id)
        different = {frozenset(ids) for ids in by_path.values()}
        return sorted({image_id for _, image_id in fits}), len(different) <= 1


def shortest_names(paths: Sequence[tuple[str, int]]) -> dict[int, str]:
    """For each image the shortest ending of its path by which `Matcher` finds its file alone: mostly its name."""
    ids: dict[str, set[int]] = defaultdict(set)
    for path, image_id in paths:
        ids[path.replace("\\", "/")].add(image_id)
    names: dict[int, str] = {}
    unclear = list(ids)
    parts = 0
    while unclear:
        parts += 1
        alike: dict[str, list[str]] = defaultdict(list)
        for path in unclear:
            alike["/".join(path.split("/")[-parts:])].append(path)
        unclear = []
        for name, some in alike.items():
            whole = any(path.count("/") < parts for path in some)
            if whole or len({frozenset(ids[path]) for path in some}) == 1:
                for image_id in set().union(*(ids[path] for path in some)):
                    names.setdefault(image_id, name.strip("/"))
            else:
                unclear += some
    return names
