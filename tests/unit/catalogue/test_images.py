"""Adoption of imports and reading of images: identity by content, idempotence, ledger, exclusion, tree."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sslstudio.catalogue import Catalogue, Counts, ImportCounts, import_list
from sslstudio.domain.items import Item
from sslstudio.errors import SSLStudioError
from tests.fakes.catalogue_rows import digest, found, patients, row, skipped


def test_an_adopted_import_is_counted_and_listed_in_the_order_of_ids(catalogue: Catalogue) -> None:
    assert catalogue.counts() == Counts(images=24, subjects=6, labelled=0, excluded=0, series=12, studies=6)
    items = catalogue.items()
    assert [item.image_id for item in items] == catalogue.image_ids() == list(range(1, 25))
    first = patients(6, 4)[0].images[0]
    assert items[0] == Item(
        image_id=1, subject=first.subject, study=first.study, series=first.series, modality="MR",
        scanner="Maker A 1.5T", low=10.0, high=200.0, **first.pixels.model_dump(),
    )  # fmt: skip


def test_adopting_the_same_rows_again_changes_nothing(catalogue: Catalogue) -> None:
    before = catalogue.items()
    assert catalogue.adopt_import("import-1", patients(6, 4)) == ImportCounts(24, 0, 0, 24)
    assert catalogue.items() == before


def test_lost_pixels_come_back_when_the_images_are_imported_again(catalogue: Catalogue) -> None:
    ids = catalogue.image_ids()
    again = patients(6, 4, shard="import-2.bin")
    catalogue.adopt_import("import-2", again)
    assert catalogue.shards() == ["import-1.bin"], "pixels that are there stay in use"
    counts = catalogue.adopt_import("import-2", again, lost=["import-1.bin"])
    assert counts.images == 0
    assert catalogue.shards() == ["import-2.bin"]
    assert catalogue.image_ids() == ids


def test_an_adoption_cut_off_between_transactions_goes_on_where_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_list, "FILES_PER_TRANSACTION", 5)
    rows = patients(4, 4)

    def stream() -> object:
        yield from rows[:13]
        raise KeyboardInterrupt

    catalogue = Catalogue(path, create=True)
    with pytest.raises(KeyboardInterrupt):
        catalogue.adopt_import("import-1", stream())
    catalogue.close()
    catalogue = Catalogue(path)
    assert catalogue.counts().images == 10
    catalogue.adopt_import("import-1", rows)
    whole = Catalogue(path.with_name("whole.sqlite").with_name("project2.sqlite"), create=True)
    whole.adopt_import("import-1", rows)
    assert catalogue.items() == whole.items()
    catalogue.close()
    whole.close()


def test_the_same_file_found_twice_is_one_image_with_two_locations(catalogue: Catalogue) -> None:
    image = patients(6, 4)[0].images[0]
    counts = catalogue.adopt_import("import-2", [row("/elsewhere/copy of it.png", image)])
    assert counts == ImportCounts(imported=1, skipped=0, images=0, duplicates=1)
    detail = catalogue.image(1)
    assert detail.n_locations == 2
    assert (detail.file_name, detail.folder) == ("img-000000.png", "/data/p00000")


def test_frames_of_one_file_are_images_of_their_own(path: Path) -> None:
    catalogue = Catalogue(path, create=True)
    frames = [found("a", n, frame=n, content="cine") for n in range(5)]
    catalogue.adopt_import("import-1", [row("/d/cine.dcm", *frames)])
    assert [catalogue.image(n).frame for n in catalogue.image_ids()] == [0, 1, 2, 3, 4]
    assert catalogue.ledger()[0].images == 5
    catalogue.close()


def test_a_file_whose_content_changed_is_a_new_image_and_the_old_one_loses_that_location(catalogue: Catalogue) -> None:
    changed = row("/data/p00000/img-000000.png", found("p00000", 99, content="edited"))
    catalogue.adopt_import("import-2", [changed])
    assert catalogue.image(25).file_name == "img-000000.png"
    assert catalogue.image(1).n_locations == 0
    assert catalogue.image(1).file_name == ""


def test_the_ledger_lists_and_counts_every_file(catalogue: Catalogue) -> None:
    catalogue.adopt_import("import-1", [skipped("/data/a/Ä b\n.png"), skipped("/data/a/empty.png", "zero_bytes")])
    assert catalogue.ledger_counts() == {"imported": 24, "truncated": 1, "zero_bytes": 1}
    entry = catalogue.ledger(status="skipped")[0]
    assert (entry.file, entry.folder, entry.code, entry.images) == ("Ä b\n.png", "/data/a", "truncated", 0)
    assert entry.reason and entry.hint and not entry.dry
    assert [e.code for e in catalogue.ledger(code="zero_bytes")] == ["zero_bytes"]
    assert len(catalogue.ledger(limit=10)) == 10
    assert catalogue.ledger(limit=10, offset=20) == catalogue.ledger()[20:]
    assert catalogue.ledger(status="skipped", code="imported") == []


def test_a_dry_run_enters_the_ledger_alone_until_the_next_import(catalogue: Catalogue) -> None:
    new = [found("q", 0)]
    rows = [row("/data/q/new.png").model_copy(update={"code": "ready"}), *patients(6, 4), skipped("/data/q/x")]
    assert catalogue.adopt_import("import-2", rows, dry_run=True).images == 0
    assert catalogue.counts().images == 24
    assert not any(e.dry for e in catalogue.ledger())
    tried = catalogue.ledger(trial=True)
    assert len(tried) == 26 and all(e.dry for e in tried) and (tried[0].file, tried[-1].file) == ("new.png", "x")
    assert catalogue.ledger_counts(trial=True) == {"imported": 24, "ready": 1, "truncated": 1}
    assert catalogue.image(1).n_locations == 1, "a dry run leaves what it finds again alone"
    catalogue.adopt_import("import-3", [row("/data/q/new.png", *new)])
    assert [e.file for e in catalogue.ledger(code="truncated")] == [] == catalogue.ledger(trial=True)
    assert catalogue.ledger(code="imported")[-1].dry is False


def test_exclusion_needs_a_reason_and_can_be_taken_back(catalogue: Catalogue) -> None:
    catalogue.set_excluded([2, 3], "localiser")
    assert catalogue.counts().excluded == 2
    assert [item.image_id for item in catalogue.items()][:3] == [1, 4, 5]
    assert len(catalogue.items(include_excluded=True)) == 24
    assert catalogue.image(2).excluded == "localiser"
    catalogue.set_excluded([2], None)
    assert catalogue.image(2).excluded is None
    with pytest.raises(SSLStudioError) as caught:
        catalogue.set_excluded([2], "  ")
    assert caught.value.code == "no_reason"


def test_the_tree_has_one_row_a_series(catalogue: Catalogue) -> None:
    tree = catalogue.tree()
    assert len(tree) == 12
    assert sum(entry.n_images for entry in tree) == 24
    assert [entry.first_image_id for entry in tree[:3]] == [1, 2, 5]
    assert {entry.modality for entry in tree} == {"MR"}


def test_an_unknown_image_is_a_plain_error(catalogue: Catalogue) -> None:
    with pytest.raises(SSLStudioError) as caught:
        catalogue.image(999)
    assert caught.value.code == "unknown_image"


def test_a_label_shows_on_the_item_and_in_the_images_own_history(
    catalogue: Catalogue, label: Callable[..., object]
) -> None:
    catalogue.author = "Dr. Ada"
    label(1, 3, 4)
    label(None, 3)
    catalogue.undo()
    assert [item.label for item in catalogue.items()][2:5] == ["glioma", "glioma", ""]
    assert catalogue.counts().labelled == 2
    history = catalogue.image(3).history
    assert [(event.how, event.mark, event.class_name) for event in history] == [
        ("do", "class", "glioma"),
        ("do", None, ""),
        ("undo", "class", "glioma"),
    ]
    assert {event.author for event in history} == {"Dr. Ada"}


def test_local_paths_stand_in_one_table_only(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    assert "locations" in tables
    for table in set(tables) - {"locations", "sources", "trial"}:
        for values in connection.execute(f"SELECT * FROM {table}"):
            assert not any("/data" in str(value) or "img-" in str(value) for value in values), table
    connection.close()


def test_the_window_reads_while_another_thread_adopts(catalogue: Catalogue) -> None:
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(catalogue.counts().images)

    reader = threading.Thread(target=read)
    reader.start()
    catalogue.adopt_import("import-2", patients(300, 4, root="/more", shard="import-2.bin"))
    done.set()
    reader.join()
    assert seen == sorted(seen)
    assert catalogue.counts().images == 1200
    assert all(count in (24, 500, 1000, 1200) for count in seen) or len(set(seen)) <= 5


def test_digests_of_the_builder_differ() -> None:
    rows = patients(20, 5)
    assert len({image.digest for r in rows for image in r.images}) == 100
    assert digest(1) == digest(1) != digest(2)
