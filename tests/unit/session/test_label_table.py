"""Labels from a table: matching by name or path, new classes, one undoable command, splits, hand labels kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session
from sslstudio.session.image_matching import Matcher, shortest_names
from sslstudio.session.workflow import LabelImport, label_from_table
from tests.fakes.catalogue_rows import found, row


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding=encoding)
    return path


def names(project: Project) -> dict[int, str]:
    return {item.image_id: item.label for item in project.catalogue.items() if item.label}


def refused(project: Project, path: Path, *columns: str) -> str:
    before = (project.catalogue.labels(), project.catalogue.classes(), project.catalogue.parts())
    with pytest.raises(SSLStudioError) as caught:
        label_from_table(project, path, *columns)
    assert (project.catalogue.labels(), project.catalogue.classes(), project.catalogue.parts()) == before
    return caught.value.code


def test_rows_are_matched_by_file_name_and_labels_come_as_one_command(filled: Project, tmp_path: Path) -> None:
    path = table(
        tmp_path, "image,label\nimg-000000.png,glioma\nimg-000004.png,none\nnowhere.png,none\nimg-000005.png,\n"
    )
    taken = label_from_table(filled, path, "image", "label")
    assert taken == LabelImport(labelled=2, unmatched=1, blank=1, new_classes=("glioma", "none"))
    assert names(filled) == {1: "glioma", 5: "none"}
    assert {label.origin for label in filled.catalogue.labels().values()} == {"import"}
    assert filled.catalogue.can_undo() == "Labels of 2 images from a table"
    filled.catalogue.undo()
    assert names(filled) == {}


def test_the_same_table_again_changes_nothing(filled: Project, tmp_path: Path) -> None:
    path = table(tmp_path, "image,label\nimg-000000.png,glioma\n")
    label_from_table(filled, path)
    undo = filled.catalogue.can_undo()
    assert label_from_table(filled, path) == LabelImport(labelled=0, unmatched=0, unchanged=1)
    assert filled.catalogue.can_undo() == undo


@pytest.mark.parametrize(
    "value", ["p00001/img-000003.png", "./p00001/img-000003.png", "p00001\\img-000003.png", "img-000003.png"]
)
def test_a_path_is_matched_from_its_end(filled: Project, tmp_path: Path, value: str) -> None:
    label_from_table(filled, table(tmp_path, f"image,label\n{value},x\n"))
    assert names(filled) == {4: "x"}


def test_a_name_that_fits_several_files_is_counted_and_left_alone(filled: Project, tmp_path: Path) -> None:
    catalogue = filled.catalogue
    catalogue.adopt_import("import-9", [row(f"/d/{n}/same.png", found("q", 900 + n)) for n in (1, 2)])
    copy = row("/backup/1/only.png", found("q", 950))
    catalogue.adopt_import("import-9", [copy, row("/other/only.png", found("q", 950))])
    path = table(tmp_path, "image,label\nsame.png,x\n1/same.png,y\nonly.png,z\n")
    taken = label_from_table(filled, path)
    assert (taken.labelled, taken.ambiguous, taken.unmatched) == (2, 1, 0)
    assert names(filled) == {25: "y", 27: "z"}


def test_all_frames_of_a_file_share_its_label(filled: Project, tmp_path: Path) -> None:
    frames = [found("q", 900 + n, frame=n, content="cine") for n in range(3)]
    filled.catalogue.adopt_import("import-9", [row("/d/cine.dcm", *frames)])
    assert label_from_table(filled, table(tmp_path, "image,label\ncine.dcm,x\n")).labelled == 3


def test_labels_set_by_hand_stay(filled: Project, tmp_path: Path) -> None:
    session = Session(filled)
    session.label_images([1], session.add_class("none").class_id)
    path = table(tmp_path, "image,label\nimg-000000.png,glioma\nimg-000001.png,None\n")
    taken = label_from_table(filled, path)
    assert (taken.labelled, taken.kept, taken.new_classes) == (1, 1, ("glioma",))
    assert names(filled) == {1: "none", 2: "none"}
    assert label_from_table(filled, path, overwrite=True).labelled == 1
    assert names(filled) == {1: "glioma", 2: "none"}


def test_a_split_column_gives_subjects_their_part(filled: Project, tmp_path: Path) -> None:
    lines = [f"img-{n:06d}.png,x,{'Test' if n < 6 else 'val' if n < 9 else 'train'}" for n in range(12)]
    taken = label_from_table(filled, table(tmp_path, "image;label;split\n" + "\n".join(lines).replace(",", ";")),
                             "image", "label", "split")  # fmt: skip
    assert (taken.labelled, taken.parts) == (12, 12)
    assert Counter(filled.catalogue.parts().values()) == {"test": 6, "train": 6, "": 12}


def test_other_forms_of_table_are_read(filled: Project, tmp_path: Path) -> None:
    text = "file\tfinding\textra\n img-000000.png \t größer \tz\n\t\t\n"
    label_from_table(filled, table(tmp_path, text, "utf-8-sig"), "file", "finding")
    assert names(filled) == {1: "größer"}


def test_a_table_that_does_not_fit_changes_nothing(filled: Project, tmp_path: Path) -> None:
    assert refused(filled, tmp_path / "gone.csv") == "table_unreadable"
    assert refused(filled, table(tmp_path, "image,label\nä,\0b")) == "table_unreadable"
    assert refused(filled, table(tmp_path, "a,b\n1,2")) == "table_columns"
    assert refused(filled, table(tmp_path, "")) == "table_columns"
    twice = "image,label\nimg-000000.png,a\nimg-000000.png,b\n"
    assert refused(filled, table(tmp_path, twice)) == "table_conflict"
    strange = "image,label,split\nimg-000000.png,a,holdout\n"
    assert refused(filled, table(tmp_path, strange), "image", "label", "split") == "table_split"
    leaky = "image,label,split\nimg-000000.png,a,train\nimg-000001.png,a,test\n"
    assert refused(filled, table(tmp_path, leaky), "image", "label", "split") == "leaky_split"
    both = "image,label,split\nimg-000000.png,a,train\nimg-000000.png,a,test\n"
    assert refused(filled, table(tmp_path, both), "image", "label", "split") == "leaky_split"


def test_names_are_as_short_as_they_are_clear() -> None:
    paths = [("/s/a.png", 1), ("/s/p1/x/i.dcm", 2), ("/s/p2/x/i.dcm", 3), ("/s/p1/y/i.dcm", 4), ("/s/p1/y/i.dcm", 5)]
    paths += [("/s/one/copy.png", 6), ("/s/two/copy.png", 6), ("C:\\s\\p3\\x\\i.dcm", 7)]
    names = shortest_names(paths)
    assert names == {
        1: "a.png", 2: "p1/x/i.dcm", 3: "p2/x/i.dcm", 4: "y/i.dcm", 5: "y/i.dcm", 6: "copy.png", 7: "p3/x/i.dcm",
    }  # fmt: skip
    matcher = Matcher(paths)
    for image_id, name in names.items():
        found, unique = matcher.find(name)
        assert unique and image_id in found
    assert shortest_names([("/a/x.dcm", 1), ("/b/a/x.dcm", 2)]) == {1: "a/x.dcm", 2: "b/a/x.dcm"}
