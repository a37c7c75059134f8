"""The triage stage on real pixels in a cache: what it finds, what it leaves alone, and how it goes on after a stop."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sslstudio.domain.findings import COMPARED, KNOWN, LOOKS, Finding, KnownImage, Look
from sslstudio.domain.specs import TriageSpec
from sslstudio.errors import SSLStudioError
from sslstudio.stages import triage
from sslstudio.stages.context import Cancelled
from tests.fakes.stage_context import FakeStageContext
from tests.fakes.triage_pictures import body, context_of, disc, window_of_a_program, written


def looks(context: FakeStageContext) -> dict[int, Look]:
    lines = context.artifact_path(LOOKS).read_text().splitlines()
    return {one.image_id: one for one in map(Look.model_validate_json, lines)}


def compared(context: FakeStageContext) -> list[Finding]:
    return [Finding.model_validate_json(line) for line in context.artifact_path(COMPARED).read_text().splitlines()]


def kinds(context: FakeStageContext) -> dict[int, set[str]]:
    found = {key: {one.kind for one in look.findings} for key, look in looks(context).items()}
    for one in compared(context):
        found[one.image_id].add(one.kind)
    return {key: value for key, value in found.items() if value}


def tell(context: FakeStageContext, *known: KnownImage) -> None:
    context.artifact_path(KNOWN).write_text("".join(one.model_dump_json() + "\n" for one in known))


def test_each_kind_is_found_and_ordinary_pictures_are_left_alone(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 40, (120, 120)).astype(np.uint8)
    pictures = [body(n) for n in range(24)]
    pictures += [
        np.full((90, 90), 7, np.uint8),
        noise,
        255 - body(30),
        window_of_a_program(),
        disc(),
        written(body(31, 224), "DOE^JANE 1961", "ID 4711308"),
        written(body(32, 224), "R", scale=0.8),
        cv2.resize(body(3), (200, 200), interpolation=cv2.INTER_LINEAR),
    ]
    context = context_of(tmp_path, pictures)
    result = triage.run(context.job.spec, context, workers=2)
    found = kinds(context)
    assert found.pop(25) == {"blank"} and found.pop(26) == {"blank"}
    assert found.pop(27) == {"inverted"}
    assert "screenshot" in found.pop(28)
    assert found.pop(29) == {"phantom"}
    assert found.pop(30) == {"text"}
    assert found.pop(31) == {"marker"}
    assert found.pop(4) == found.pop(32) == {"duplicate"}
    assert found == {}
    assert result["looked"] == len(pictures) and result["groups"] == 1 and result["unreadable"] == 0
    copies = [one for one in compared(context) if one.kind == "duplicate"]
    assert {one.group for one in copies} == {"d4"}
    assert [one.image_id for one in copies if one.representative] == [32]
    assert all("2 patients" in one.why for one in copies)


def test_what_was_read_is_never_written_down(tmp_path: Path) -> None:
    context = context_of(tmp_path, [written(body(1, 224), "DOE^JANE 1961")])
    triage.run(TriageSpec(), context, workers=1)
    (look,) = looks(context).values()
    (text,) = look.findings
    assert text.kind == "text" and text.boxes and 0.5 < text.score <= 1
    box = text.boxes[0]
    assert box.left < 0.1 and box.top < 0.1 and 0.3 < box.width < 0.9 and box.height < 0.2
    everything = b"".join(path.read_bytes() for path in context.run_dir.rglob("*") if path.is_file()).lower()
    assert not any(word in everything for word in (b"doe", b"jane", b"1961"))


def test_headers_are_heard_but_a_denial_of_text_is_not_trusted(tmp_path: Path) -> None:
    context = context_of(tmp_path, [body(1, 224), written(body(2, 224), "SMITH JOHN"), body(3), body(4)])
    tell(
        context,
        KnownImage(image_id=1, burned_in="yes"),
        KnownImage(image_id=2, burned_in="no"),
        KnownImage(image_id=3, kind="localiser"),
        KnownImage(image_id=4, phantom=True, kind="secondary_capture"),
    )
    triage.run(TriageSpec(), context, workers=1)
    assert kinds(context) == {1: {"text"}, 2: {"text"}, 3: {"localiser"}, 4: {"phantom", "screenshot"}}
    assert "although its header says that there is none" in looks(context)[2].findings[0].why


def test_only_new_images_are_looked_at_and_compared_with_the_old(tmp_path: Path) -> None:
    pictures = [body(1), body(2), body(1)[2:, 2:], body(3)]
    first = context_of(tmp_path / "a", pictures)
    triage.run(TriageSpec(), first, workers=1)
    seen = looks(first)
    second = context_of(tmp_path / "b", pictures, part=["train", "", "test", ""])
    tell(second, *(KnownImage(image_id=n, hashes=seen[n].hashes, searched=True) for n in (1, 2, 4)))
    result = triage.run(TriageSpec(), second, workers=1)
    assert result["looked"] == 1 and set(looks(second)) == {3}
    assert [(one.image_id, one.group) for one in compared(second)] == [(1, "d1"), (3, "d1")]
    assert all("in training and in test" in one.why for one in compared(second))
    third = context_of(tmp_path / "c", pictures)
    tell(third, *(KnownImage(image_id=n, hashes=seen[n].hashes, searched=True) for n in seen))
    assert triage.run(TriageSpec(), third, workers=1)["looked"] == 0
    assert compared(third) == []
    again = context_of(tmp_path / "d", pictures, TriageSpec(again=True))
    tell(again, *(KnownImage(image_id=n, hashes=seen[n].hashes, searched=True, group="d9") for n in (1, 2, 3, 4)))
    assert triage.run(TriageSpec(again=True), again, workers=1)["looked"] == 4


def test_moments_of_one_scanned_series_are_not_copies_but_files_of_one_folder_are(tmp_path: Path) -> None:
    pictures = [body(1), body(1), body(2)]
    scanned = context_of(tmp_path / "a", pictures, series=["r", "r", "q"], subject=["s"] * 3)
    triage.run(TriageSpec(), scanned, workers=1)
    assert compared(scanned) == []
    files = context_of(tmp_path / "b", pictures, series=["r", "r", "q"], subject=["s"] * 3, modality=[""] * 3)
    triage.run(TriageSpec(), files, workers=1)
    assert [one.image_id for one in compared(files)] == [1, 2]
    assert "of the same patient" in compared(files)[0].why


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    pictures = [body(n, 96) for n in range(40)]
    context = context_of(tmp_path, pictures)
    context.cancel_after = 8
    with pytest.raises(Cancelled):
        triage.run(TriageSpec(), context, workers=1)
    done = looks(context)
    assert 0 < len(done) < 40
    with context.artifact_path(LOOKS).open("a") as stream:
        stream.write('{"image_id": 40, "hash')  # killed while it wrote
    context.cancel_requested, context.cancel_after = False, None
    before = len(context.progress_reports)
    assert triage.run(TriageSpec(), context, workers=1)["looked"] == 40
    assert set(looks(context)) == set(range(1, 41))
    assert context.progress_reports[before][:2] == (len(done), 40)


def test_images_without_pixels_are_counted_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    context = context_of(tmp_path, [body(1), body(2)])
    context.item_list[1] = context.item_list[1].model_copy(update={"shard": "gone.bin"})
    result = triage.run(TriageSpec(), context, workers=1)
    assert (result["looked"], result["unreadable"], context.warning_codes) == (1, 1, ["not_looked_at"])


def test_nothing_to_look_at_is_said(tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as caught:
        triage.run(TriageSpec(), context_of(tmp_path, []), workers=1)
    assert caught.value.code == "no_images"
