"""What the Label page does: which image is in hand, what the keys do to it, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtWidgets import QWidget

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.gallery_link import GalleryLink
from sslstudio.gui.item_models.image_table import sorted_ids
from sslstudio.gui.item_models.look_link import LookLink
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.selection_follower import SelectionFollower
from sslstudio.gui.item_models.view_link import ViewLink
from sslstudio.gui.pages.label import audit_texts, files_texts, texts
from sslstudio.gui.pages.label.auditing import Auditing
from sslstudio.gui.pages.label.beside import Beside
from sslstudio.gui.pages.label.case_queue import CaseQueue
from sslstudio.gui.pages.label.class_editing import ClassEditing
from sslstudio.gui.pages.label.drawn_presenter import DrawnPresenter
from sslstudio.gui.pages.label.group_check import GroupCheck
from sslstudio.gui.pages.label.labelling import Labelling
from sslstudio.gui.pages.label.learner import Learner
from sslstudio.gui.pages.label.presenters import CasePresenter, ProgressPresenter
from sslstudio.gui.pages.label.second_reading import SecondReading
from sslstudio.gui.pages.page import Services


class View(Protocol):
    """The part of the view the controller uses."""

    classes: Any
    gallery: Any
    case: Any
    side: Any
    mode_requested: SignalInstance
    next_requested: SignalInstance
    undo_requested: SignalInstance
    redo_requested: SignalInstance
    accept_requested: SignalInstance
    mark_requested: SignalInstance
    clear_requested: SignalInstance
    deselect_requested: SignalInstance
    step_requested: SignalInstance
    check_requested: SignalInstance
    size_requested: SignalInstance
    audit: Any
    second: Any
    deciding: Any
    blinded: Any

    @property
    def advances(self) -> bool: ...
    def set_mode(self, mode: str) -> None: ...
    def set_target(self, text: str, several: bool) -> None: ...
    def set_suggestion(self, text: str, available: bool) -> None: ...
    def set_history(self, undo: str, redo: str) -> None: ...
    def set_next_reason(self, reason: str) -> None: ...
    def set_check(self, classes: Sequence[tuple[int, str]], reason: str) -> None: ...
    def set_blind(self, opinions: bool, checking: bool) -> None: ...
    def add_entry(self, action: Any) -> None: ...


class LabelController(QObject):
    """Connects a Label view to the project."""

    def __init__(self, services: Services, view: View, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._view = services, view
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._mode = "case" if services.session.place.label_mode == "case" else "gallery"
        self._returning = True
        self._shown: int | None = None
        self._whys: dict[int, str] = {}
        self._link = GalleryLink(view.gallery, services, self)
        self._look = LookLink(view.gallery, self._link, services, self)
        self._views = ViewLink(view.gallery, self._link, services, None, self)
        view.gallery.set_thumbnails(self._images.thumbnails)
        self._editing = ClassEditing(view.classes, self._images, self)
        self._labelling = Labelling(self._images, services.notify, self.targets, self)
        self._queue = CaseQueue(services, self)
        self._learner = Learner(services, self)
        self._case = CasePresenter(services, view, self)
        self._progress = ProgressPresenter(view.side, self._images, self)
        self._drawn = DrawnPresenter(services, view.side.drawn, self)
        self._auditing = Auditing(services, view.audit, self._labelling.label, self)
        self._group_check = GroupCheck(services, self._auditing, cast("QWidget", view), self)
        self._reading = SecondReading(services, view.second, self)
        self._beside = Beside(services, view, self)
        self._connect()
        self._dispose = services.actions.add(*self._actions())
        self._show_selection()

    def activate(self) -> None:
        """The page comes to the front."""
        self._learner.start()
        self.refresh()
        self._view.set_mode(self._mode)

    def refresh(self) -> None:
        """Something in the project changed."""
        self._progress.show()
        self._drawn.show()
        self._show_history()
        source = self._current.known.current
        ready = source is not None and bool(source.embedding)
        self._view.set_next_reason("" if ready else texts.NO_EMBEDDING)

    def close(self) -> None:
        """Let go of the project."""
        self._dispose()
        self._learner.close()
        self._beside.close()
        self._group_check.close()
        self._link.close()
        self._look.close()
        self._follower.close()
        self._current.close()
        self._images.close()

    def targets(self) -> list[int]:
        """The images the keys act on: the one case shown, or all that is selected."""
        if self._mode == "case":
            return [self._shown] if self._shown is not None else []
        return [int(image_id) for image_id in sorted_ids(self._services.session.selection)]

    def _actions(self) -> list[Action]:
        labelling = self._labelling

        def key_action(key: str) -> Action:
            return Action(
                f"label.key.{key}", f"Label as the class with key {key}", lambda: labelling.press(key), keys=key,
                page="label", reason=lambda: labelling.key_reason(key), in_palette=False,
            )  # fmt: skip

        def next_or_no() -> None:
            """N is the next case, and "no" while a sample is checked."""
            if self._auditing.waiting:
                self._auditing.answer("no")
            else:
                self._queue.next()

        def switch() -> None:
            self._set_mode("gallery" if self._mode == "case" else "case")

        def own(name: str, title: str, act: Any, keys: str, icon: str = "") -> Action:
            return Action(f"label.{name}", title, act, "Edit", keys, labelling.reason, "label", icon, 3)

        return [
            *(key_action(key) for key in "1234567890"),
            own("accept", "Accept the suggestion (Space)", labelling.accept, "", "check"),
            own("unsure", "Mark as unsure", lambda: labelling.mark("uncertain"), "U", "uncertain"),
            own("poor", "Mark as of poor quality", lambda: labelling.mark("poor"), "Q", "eye-off"),
            own("not_applicable", "Mark as not applicable", lambda: labelling.mark("not_applicable"), "A", "minus"),
            own("exclude", "Leave out", lambda: labelling.mark("excluded"), "X", "exclude"),
            own("clear", "Take the label away", labelling.clear, "Backspace"),
            Action("label.next", texts.NEXT, next_or_no, "Edit", "N", page="label", group=3),
            Action(
                "label.yes",
                "Yes, while a sample is checked",
                lambda: self._auditing.answer("yes"),
                keys="Y",
                page="label",
                reason=lambda: "" if self._auditing.waiting else texts.NOTHING_CHECKED,
                in_palette=False,
            ),
            Action("label.mode", "Gallery or one case", switch, "View", "G", page="label", group=3),
        ]

    def _connect(self) -> None:
        view, session = self._view, self._services.session
        view.classes.label_requested.connect(self._labelling.label)
        view.accept_requested.connect(self._labelling.accept)
        view.mark_requested.connect(self._labelling.mark)
        view.clear_requested.connect(self._labelling.clear)
        view.deselect_requested.connect(session.clear)
        view.mode_requested.connect(self._set_mode)
        view.next_requested.connect(self._queue.next)
        view.undo_requested.connect(lambda: self._labelling.go_back(session.undo))
        view.redo_requested.connect(lambda: self._labelling.go_back(session.redo))
        view.step_requested.connect(self._step)
        view.side.second_look_requested.connect(self._second_look)
        view.check_requested.connect(self._auditing.begin)
        self._auditing.case_wanted.connect(self._show_checked)
        self._auditing.gallery_wanted.connect(self._show_rest)
        self._auditing.list_wanted.connect(self._show_listed)
        view.size_requested.connect(self._group_check.ask_selected)
        self._auditing.changed.connect(self._blind_changed)
        for part in (self._beside.deciding, self._beside):
            part.changed.connect(self._blind_changed)
        self._beside.deciding.case_wanted.connect(lambda key: self._show_checked(key, files_texts.WHY_OPEN))
        view.side.second_read_requested.connect(self._reading.begin)
        self._reading.case_wanted.connect(self._show_checked)
        self._reading.differences.connect(self._show_listed)
        self._reading.changed.connect(self._blind_changed)
        view.gallery.opened.connect(self._open)
        self._labelling.done.connect(self._labelled)
        self._queue.chosen.connect(self._show_chosen)
        self._queue.ended.connect(self._services.notify.info)
        self._learner.learned.connect(self._progress.take)
        self._learner.learned.connect(self._drawn.take)
        self._drawn.listed.connect(self._show_listed)
        self._images.labels_changed.connect(lambda _: self._show_history())
        self._images.images_changed.connect(self._images_changed)
        self._current.changed.connect(self.refresh)
        self._follower = SelectionFollower(session, view.side, self._show_selection, self)

    def _images_changed(self) -> None:
        if self._returning and len(self._services.session.selection) == 1 and len(self._images.table.ids):
            self._view.gallery.set_current(next(iter(self._services.session.selection)))
        self._returning = self._returning and not len(self._images.table.ids)
        self._show_selection()
        self.refresh()

    def _open(self, image_id: int) -> None:
        self._services.session.select([image_id])
        self._set_mode("case")

    def _set_mode(self, mode: str) -> None:
        self._mode = mode
        self._services.session.place.note(label_mode=mode)
        self._view.set_mode(mode)
        if mode == "case" and self._shown is None and len(self._view.gallery.ids):
            self._services.session.select([int(self._view.gallery.ids[0])])
        self._show_selection()

    def _step(self, by: int) -> None:
        """In one-case mode, the image before or after in the gallery's order."""
        gallery = self._view.gallery
        row = gallery.row_of(self._shown) if self._shown is not None else None
        target = min(max(0, (row if row is not None else -1) + by), len(gallery.ids) - 1)
        if target >= 0:
            self._services.session.select([int(gallery.ids[target])])

    def _show_chosen(self, image_id: int, why: str) -> None:
        self._whys = {image_id: why}
        self._services.session.select([image_id])
        self._view.gallery.set_current(image_id)
        self._show_selection()

    def _second_look(self) -> None:
        """List the labels that are worth a second look."""
        whys = self._progress.doubts()
        self._images.set_listed(tuple(whys), texts.SECOND_LOOK)
        self._show_listed(whys)

    def _show_listed(self, whys: dict[int, str]) -> None:
        """Show the list that was made, the first image of it in hand where each has its reason."""
        self._whys = whys
        self._set_mode("gallery")
        self._link.set_show("listed")
        self._services.session.select(list(whys)[:1])

    def _show_checked(self, image_id: int, why: str = audit_texts.WHY) -> None:
        """One image of a sample, alone."""
        self._whys = {image_id: why}
        self._services.session.select([image_id])
        self._set_mode("case")

    def _show_rest(self, ids: Sequence[int]) -> None:
        """What a check was about, selected, with its first image in sight."""
        self._set_mode("gallery")
        self._services.session.select(ids)
        gallery = self._view.gallery
        first = next((image_id for image_id in ids if gallery.row_of(image_id) is not None), None)
        if first is not None:
            gallery.set_current(first)

    def _blind_changed(self) -> None:
        """A check, a second read or a decision begins, goes on or ends: what may be seen, and where labels go."""
        reading, deciding = self._reading.blind, self._beside.deciding
        self._case.blind = reading or deciding.blind
        self._labelling.answering = self._reading.answer if reading else deciding.answer if deciding.deciding else None
        checking = reading or self._auditing.blind or deciding.deciding
        hidden = reading or self._auditing.blind or deciding.blind or self._beside.blinded
        self._services.session.blinding.set(hidden)
        self._view.set_blind(hidden or checking, checking)
        self._show_history()
        self._show_selection()

    def _labelled(self) -> None:
        if self._auditing.waiting:
            self._auditing.go_on()
        elif self._view.advances:
            self._queue.next()

    def _show_history(self) -> None:
        """What a label changes at once; what is counted follows when the classifier has learned."""
        self._view.set_history(*self._labelling.history())
        self._view.side.set_second_read(*self._reading.state())

    def _show_selection(self) -> None:
        ids = sorted_ids(self._services.session.selection)
        before = self._shown
        if not len(ids):
            self._shown = None
        elif before is None or before not in self._services.session.selection:
            self._shown = int(ids[0])
        patients = self._images.table.count_subjects(ids)
        several = len(ids) > 1 and self._mode == "gallery"
        text = texts.target(len(ids), patients) if several or not len(ids) else f"Image {self._shown}"
        self._view.set_target(text if len(ids) else "", several)
        self._view.side.set_why(self._whys.get(self._shown, "") if self._shown is not None else "")
        self._case.show(self._shown, pixels=self._mode == "case")
        named = [(info.class_id, info.name) for info in self._images.classes().values()]
        self._view.set_check(named, self._auditing.reason())
