"""What crosses files comes back as it went: items as CSV, commands, jobs and events as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sslstudio.domain.items import FIELDS, Item, read_items, write_items
from sslstudio.domain.labels import ClassInfo, LabelCommand, SetLabels
from sslstudio.domain.rendering import Windows
from sslstudio.domain.runs import EVENT, Done, Failed, Job, Metric, Progress, RunState, Started, Warned
from sslstudio.domain.specs import EmbedSpec, ImportSpec, PretrainSpec

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=15)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
WINDOW = st.tuples(NUMBER, NUMBER)
WINDOWS = st.tuples(WINDOW) | st.tuples(WINDOW, WINDOW, WINDOW)
ITEMS = st.builds(
    Item, image_id=st.integers(1, 2**40), subject=TEXT, study=TEXT, series=TEXT, modality=TEXT, scanner=TEXT,
    shard=TEXT, offset=st.integers(0, 2**50), height=st.integers(1, 4096), width=st.integers(1, 4096),
    channels=st.sampled_from([1, 3]), dtype=st.sampled_from(["uint8", "uint16"]), windows=WINDOWS, label=TEXT,
    part=st.sampled_from(["", "train", "test"]),
)  # fmt: skip


@given(items=st.lists(ITEMS, max_size=5))
def test_items_come_back_from_csv(items: list[Item], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("items") / "items.csv"
    assert write_items(path, items) == len(items)
    assert read_items(path) == items


def test_a_list_with_one_window_in_two_columns_is_read(tmp_path: Path) -> None:
    """As runs wrote it that may still be resumed."""
    later = ("windows", "label", "part", "bag", "place", "day", "site")
    names = [name for name in FIELDS if name not in later] + ["low", "high", "label", "part"]
    row = ["7", "p", "t", "s", "CT", "", "import-1.bin", "64", "8", "8", "1", "uint16", "-1.5", "2000.25", "nodule", ""]
    path = tmp_path / "items.csv"
    path.write_text(",".join(names) + "\n" + ",".join(row) + "\n", encoding="utf-8")
    (item,) = read_items(path)
    assert item.windows == ((-1.5, 2000.25),) and (item.image_id, item.label) == (7, "nodule")


@pytest.mark.parametrize("text", ["", "1", "1:2;3:4", "a:b", "1:2:3"])
def test_windows_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Windows).validate_python(text)


def test_an_items_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(",".join(FIELDS) + "\n" + ",".join("x" * len(FIELDS)) + "\n", encoding="utf-8")
    with pytest.raises(ValidationError):
        read_items(path)


@pytest.mark.parametrize(
    "event",
    [
        Started(at=1.0, pid=2, attempt=3),
        Progress(at=1.0, done=1, total=3, unit="images", seconds_left=None),
        Metric(at=1.0, step=1, epoch=0, values={"loss": 1.5}),
        Warned(at=1.0, code="a", message="b"),
        Failed(at=1.0, code="a", message="b", hint="c"),
        Done(at=1.0, result={"images": 3}),
    ],
)
def test_events_come_back_from_json(event: object) -> None:
    assert EVENT.validate_json(EVENT.dump_json(event)) == event


@pytest.mark.parametrize(
    "spec", [ImportSpec(dry_run=True), PretrainSpec(parameters={"a": 0.1}), EmbedSpec(source="random")]
)
def test_jobs_come_back_with_the_right_spec(spec: ImportSpec | PretrainSpec | EmbedSpec) -> None:
    job = Job(run_id="x-1", stage="embed", name="x", spec=spec, created="now", package_version="0")
    assert Job.model_validate_json(job.model_dump_json()) == job
    with pytest.raises(ValidationError):
        Job.model_validate_json(job.model_dump_json()[:-1] + ',"strange":1}')


def test_label_commands_come_back_with_the_right_kind() -> None:
    adapter: TypeAdapter[LabelCommand] = TypeAdapter(LabelCommand)
    command = SetLabels(text="x", labels=((3, None),))
    assert adapter.validate_json(adapter.dump_json(command)) == command
    with pytest.raises(ValidationError):
        ClassInfo.model_validate({"class_id": 1, "name": "a", "colour": "b", "size": 3})


def test_the_last_four_states_are_final() -> None:
    assert [state.value for state in RunState if not state.final] == ["prepared", "running"]
