"""Images get their place in the series whatever the order of import; series say what is odd about them."""

from __future__ import annotations

import random
from pathlib import Path

from sslstudio.catalogue import Catalogue
from sslstudio.catalogue.arranging import SAME_IDENTITY
from sslstudio.domain.filters import Filter
from sslstudio.domain.ledger import FoundImage
from tests.fakes.catalogue_rows import found, row


def slices(count: int, plane: str = "axial", series: str = "s1", source: str = "5" * 16) -> list[FoundImage]:
    return [
        found("p", n, study="st", series=series, content=f"{series}-{n}").model_copy(
            update={
                "slice_position": 3.0 * n, "instance_number": count - n, "source_series": source,
                "columns": {"plane": plane}, "sop": f"{series}{n:014x}"[:16],
            }
        )
        for n in range(count)
    ]  # fmt: skip


def order_of(path: Path, images: list[FoundImage]) -> list[str]:
    """Digests in the order of the catalogue."""
    catalogue = Catalogue(path, create=True)
    catalogue.adopt_import("import-1", [row(f"/d/{image.digest}", image) for image in images])
    ids = catalogue.matches(Filter())[:, 0].tolist()
    digests = dict(catalogue._db.rows("SELECT image_id, digest FROM images"))
    catalogue.close()
    return [digests[number] for number in ids]


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    images = slices(12)
    expected = [image.digest for image in images]
    rng = random.Random(1)
    for attempt in range(3):
        shuffled = [*images]
        rng.shuffle(shuffled)
        folder = tmp_path / str(attempt)
        folder.mkdir()
        assert order_of(folder / "project.sqlite", shuffled) == expected


def test_a_slice_that_comes_later_takes_its_place(tmp_path: Path) -> None:
    images = slices(6)
    catalogue = Catalogue(tmp_path / "project.sqlite", create=True)
    catalogue.adopt_import("import-1", [row(f"/d/{n}", image) for n, image in enumerate(images) if n != 3])
    (series,) = catalogue.tree()
    assert series.notes == ("1 slice seems to be missing (3.00 mm apart).",)
    catalogue.adopt_import("import-2", [row("/d/3", images[3])])
    (series,) = catalogue.tree()
    assert series.notes == ()
    assert [place for (place,) in catalogue._db.rows("SELECT place FROM images ORDER BY slice_position")] == [*range(6)]
    catalogue.close()


def test_localisers_are_recognised_by_how_their_slices_lie(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "project.sqlite", create=True)
    rows = [
        row(f"/d/{image.digest}", image)
        for plane in ("axial", "sagittal", "coronal")
        for image in slices(3, plane, series=plane)
    ]
    catalogue.adopt_import("import-1", rows)
    assert {catalogue.image(number).kind for number in catalogue.image_ids()} == {"localiser"}
    assert all("several planes (3 axial, 3 coronal, 3 sagittal)" in series.notes[0] for series in catalogue.tree())
    catalogue.close()


def test_one_identity_with_two_pictures_is_told_of_both(tmp_path: Path) -> None:
    first = slices(1)[0]
    other = slices(1, series="s2", source="6" * 16)[0].model_copy(update={"sop": first.sop})
    catalogue = Catalogue(tmp_path / "project.sqlite", create=True)
    catalogue.adopt_import("import-1", [row("/d/a", first)])
    assert catalogue.image(1).notes == ()
    catalogue.adopt_import("import-2", [row("/d/b", other)])
    assert [catalogue.image(number).notes for number in (1, 2)] == [(SAME_IDENTITY,)] * 2
    assert [series.notes for series in catalogue.tree()] == [(SAME_IDENTITY,)] * 2
    catalogue.close()


def test_the_same_instance_in_another_file_is_one_image_with_two_places(tmp_path: Path) -> None:
    """The header was edited or the file compressed anew: its digest is another, instance and pixels are the same."""
    first = slices(1)[0]
    again = first.model_copy(update={"digest": "f" * 64})
    catalogue = Catalogue(tmp_path / "project.sqlite", create=True)
    catalogue.adopt_import("import-1", [row("/d/a", first)])
    assert catalogue.adopt_import("import-2", [row("/d/b", again)]).images == 0
    assert catalogue.adopt_import("import-3", [row("/d/b", again)]).images == 0
    assert catalogue.counts().images == 1 and catalogue.image(1).n_locations == 2
    catalogue.close()
