"""Where the user is in the tree of images: kept by the database's keys while the rows are made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSignalBlocker
from PySide6.QtWidgets import QAbstractItemView, QTreeView

from sslstudio.gui.item_models.image_tree import ImageTree
from sslstudio.gui.pages.data.tree_model import TreeModel
from sslstudio.gui.pages.data.tree_nodes import Node

Path = tuple[int, ...]
"""Keys of a patient, a study and a series, as far down as the row stands."""


@dataclass(frozen=True)
class TreePlace:
    """What is chosen and opened, which row has the keyboard, and which stands at the top: None at the very top.

    `rows` is how many patients have been scrolled to.
    """

    chosen: frozenset[Path]
    opened: frozenset[Path]
    current: Path | None
    top: Path | None
    rows: int


def set_tree(view: QTreeView, model: TreeModel, tree: ImageTree) -> None:
    """Show these images; all that makes the user's place stays so where it is still there. Nothing is signalled."""
    place = _look(view, model)
    selection = view.selectionModel()
    with QSignalBlocker(selection):
        model.set_tree(tree)
        _restore(view, model, place)
    view.viewport().update()


def _look(view: QTreeView, model: TreeModel) -> TreePlace:
    first = view.indexAt(QPoint(0, 0)) if view.verticalScrollBar().value() else QModelIndex()
    nodes = (model.node(index) for index in view.selectionModel().selectedRows())
    return TreePlace(
        chosen=frozenset(_path(node) for node in nodes if node is not None),
        opened=frozenset(_path(node) for node in _made(model.below(None)) if view.isExpanded(model.index_of(node))),
        current=_path_at(model, view.currentIndex()),
        top=_path_at(model, first),
        rows=len(model.below(None)),
    )


def _restore(view: QTreeView, model: TreeModel, place: TreePlace) -> None:
    ends = [path for path in (place.current, place.top) if path is not None]
    wanted = {path[:depth] for path in (*place.chosen, *place.opened, *ends) for depth in range(1, len(path) + 1)}
    places = model.tree.places_of({path[0] for path in wanted})
    model.show_patient(max([place.rows - 1, *places]))
    found: dict[Path, Node] = {}
    waiting = [node for at in places if (node := _at(model.below(None), at)) is not None]
    while waiting:
        node = waiting.pop()
        path = _path(node)
        if path in wanted:
            found[path] = node
            waiting += model.below(node)
    for path in sorted(place.opened & found.keys(), key=len, reverse=True):
        view.setExpanded(model.index_of(found[path]), True)
    chosen = QItemSelection()
    for path in place.chosen & found.keys():
        chosen.select(model.index_of(found[path]), model.index_of(found[path], 1))
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().select(chosen, flags.ClearAndSelect)
    if place.current in found:
        view.selectionModel().setCurrentIndex(model.index_of(found[place.current]), flags.NoUpdate)
    top = next((found[path] for path in _upwards(place.top) if path in found), None)
    if top is not None:
        view.scrollTo(model.index_of(top), QAbstractItemView.ScrollHint.PositionAtTop)


def _made(nodes: Sequence[Node]) -> Iterator[Node]:
    """These nodes and all below them that were made."""
    for node in nodes:
        yield node
        if node.children:
            yield from _made(node.children)


def _at(nodes: Sequence[Node], place: int) -> Node | None:
    return nodes[place] if place < len(nodes) else None


def _path(node: Node) -> Path:
    keys = [node.branch.key]
    while node.parent is not None:
        node = node.parent
        keys.append(node.branch.key)
    return tuple(reversed(keys))


def _path_at(model: TreeModel, index: QModelIndex) -> Path | None:
    node = model.node(index)
    return None if node is None else _path(node)


def _upwards(path: Path | None) -> Iterator[Path]:
    """A row, then what stands above it."""
    for depth in range(len(path or ()), 0, -1):
        yield (path or ())[:depth]
