"""How labelled images are divided into those that train and those that test: what the user chose, without any image."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sslstudio.domain.record import Record

Way = Literal["hold_out", "cross", "drawn", "by_value", "leave_one_out", "from_date", "external"]
WAYS: tuple[Way, ...] = ("hold_out", "cross", "drawn", "by_value", "leave_one_out", "from_date", "external")
IMPORT, FOLDER = "import", "folder"
"""Columns of `external` beside those of the images: which import brought an image, and from which chosen folder."""


class SplitPlan(Record):
    """One way of dividing. All ways keep each patient whole, and patients who share a picture together.

    `hold_out`: the project's own training and test part. `cross`: `folds` parts of the patients, each tested by a
    classifier learned from the others, `repeats` times. `drawn`: the images that the queue drew at random test, all of
    other patients train. `by_value`: images whose `column` has one of `values` test, all
    others train. `leave_one_out`: each value of `column` tests in turn. `from_date`: images whose number in `column`
    ("day", or a column of numbers such as a year) is `since` or more test. `external`: as `by_value`, for a collection
    that was brought in as a whole (`IMPORT`, `FOLDER`, or a column).

    `values` and `since` may tell of institutions and dates: a plan stays in the project and goes into no run or model.
    """

    way: Way = "hold_out"
    column: str = ""
    values: tuple[str, ...] = ()
    since: float | None = None
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    repeats: Annotated[int, Field(ge=1, le=20)] = 1
