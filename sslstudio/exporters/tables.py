"""Tables of predictions as CSV, Parquet or JSON, by the ending of their name; each appears when it is whole."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sslstudio.errors import SSLStudioError

Rows = Iterable[Sequence[str]]
Write = Callable[[Rows], None]
ENDINGS = (".csv", ".parquet", ".json")
_NUMBERS = ("confidence", "distance")
_COUNTS = ("images", "images abstained", "images unlike the training images")


def require_known(path: Path) -> None:
    """Raise SSLStudioError ("unknown_format") for a table whose name ends otherwise."""
    if path.suffix.lower() not in ENDINGS:
        raise SSLStudioError(
            "The table must be called .csv, .parquet or .json.",
            "CSV opens in any spreadsheet; Parquet and JSON are for programs.",
            code="unknown_format",
        )


@contextmanager
def table(output: Path, header: Sequence[str]) -> Iterator[Write]:
    """What is written within appears as `output` at the end, and not at all when something is raised.

    Rows are texts, "" where there is nothing; Parquet and JSON hold numbers where a column holds them. Raises
    SSLStudioError: "unknown_format", "not_written".
    """
    require_known(output)
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for stale in output.parent.glob(f".{_literal(output.name)}.*.partial"):
            with suppress(OSError):
                stale.unlink()
        with partial.open("wb") as stream:
            with _WRITERS[output.suffix.lower()](stream, header) as write:
                yield write
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(output)
    except OSError:
        raise SSLStudioError(
            "The table could not be written.", "Check free space and the rights of the folder.", code="not_written"
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def _csv(stream: IO[bytes], header: Sequence[str]) -> Iterator[Write]:
    import io

    text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    yield writer.writerows
    text.flush()
    text.detach()


@contextmanager
def _json(stream: IO[bytes], header: Sequence[str]) -> Iterator[Write]:
    before = b"[\n"

    def write(rows: Rows) -> None:
        nonlocal before
        for row in rows:
            known = dict(zip(header, map(_value, header, row), strict=True))
            stream.write(before + json.dumps(known, ensure_ascii=False).encode("utf-8", "backslashreplace"))
            before = b",\n"

    yield write
    stream.write((b"\n]\n") if before != b"[\n" else b"[]\n")


@contextmanager
def _parquet(stream: IO[bytes], header: Sequence[str]) -> Iterator[Write]:
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([(name, _kind(name, pyarrow)) for name in header])
    with parquet.ParquetWriter(stream, schema) as writer:

        def write(rows: Rows) -> None:
            columns = list(zip(*rows, strict=True))
            if columns:
                arrays = [
                    pyarrow.array([_value(name, cell) for cell in column], type=schema.field(place).type)
                    for place, (name, column) in enumerate(zip(header, columns, strict=True))
                ]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))

        yield write


_WRITERS: dict[str, Callable[[IO[bytes], Sequence[str]], Any]] = {".csv": _csv, ".json": _json, ".parquet": _parquet}


def _kind(name: str, pyarrow: Any) -> Any:
    if name in _COUNTS:
        return pyarrow.int64()
    return pyarrow.float64() if _is_number(name) else pyarrow.string()


def _is_number(name: str) -> bool:
    return name in _NUMBERS or name.startswith("probability ")


def _value(name: str, cell: str) -> str | float | None:
    """A cell as what its column holds; file names may hold bytes that are no text."""
    if name in _COUNTS or _is_number(name):
        return None if cell == "" else int(cell) if name in _COUNTS else float(cell)
    return cell.encode("utf-8", "backslashreplace").decode()


def _literal(name: str) -> str:
    """A name as a pattern that finds it alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
