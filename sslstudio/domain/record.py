"""The base of every record that crosses a thread, a process or a file: frozen, and unknown fields are errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Frozen record with exact fields; `model_dump_json` and `model_validate_json` are its file form."""

    model_config = ConfigDict(frozen=True, extra="forbid")
