"""Runs, models and the settings that belong to the project."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sslstudio.catalogue.database import Database, Row
from sslstudio.catalogue.rows import ModelRow, RunRow
from sslstudio.domain.runs import Job, RunState
from sslstudio.errors import SSLStudioError

_RUN_COLUMNS = "run_id, stage, name, state, created, finished, spec, result, adopted"
_MODEL_COLUMNS = "model_id, embedding, created, classes, scores"


class RunTables:
    """The part of the catalogue that knows runs, models and settings."""

    _db: Database

    def new_run_id(self, prefix: str) -> str:
        """A readable id that no run or model of this project has had before, such as "simclr-1"."""
        if not re.fullmatch(r"[a-z][a-z0-9_]*", prefix):
            raise SSLStudioError("This name cannot be used for a run.", "Use a-z and 0-9.", code="bad_run_name")
        with self._db.transaction() as connection:
            last = self._db.value("SELECT value FROM meta WHERE key = ?", (f"last:{prefix}",))
            number = int(last or 0) + 1
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"last:{prefix}", str(number)))
        return f"{prefix}-{number}"

    def add_run(self, job: Job) -> None:
        """Add a prepared run; raises SSLStudioError (code "run_exists")."""
        with self._db.transaction() as connection:
            if self._db.value("SELECT 1 FROM runs WHERE run_id = ?", (job.run_id,)):
                raise SSLStudioError("This run exists already.", "Start it again.", code="run_exists")
            connection.execute(
                f"""INSERT INTO runs ({_RUN_COLUMNS}, position)
                    VALUES (?, ?, ?, ?, ?, '', ?, '{{}}', 0, (SELECT coalesce(max(position), 0) + 1 FROM runs))""",
                (job.run_id, job.stage, job.name, RunState.PREPARED, job.created, job.spec.model_dump_json()),
            )

    def runs(self) -> list[RunRow]:
        """All runs, oldest first."""
        return [_run_row(row) for row in self._db.rows(f"SELECT {_RUN_COLUMNS} FROM runs ORDER BY position")]

    def run(self, run_id: str) -> RunRow:
        """One run; raises SSLStudioError (code "unknown_run")."""
        row = self._db.row(f"SELECT {_RUN_COLUMNS} FROM runs WHERE run_id = ?", (run_id,))
        if row is None:
            raise SSLStudioError(
                f"There is no run called {run_id}.", "Choose one of the project's runs.", code="unknown_run"
            )
        return _run_row(row)

    def set_run_state(self, run_id: str, state: RunState, result: dict[str, Any] | None = None) -> None:
        """Record how a run stands; a state that is not final clears the time of its end (the run was resumed)."""
        old = self.run(run_id)
        finished = (old.finished or now()) if state.final else ""
        if old.state.final and state.final and old.state != state:
            finished = now()
        with self._db.transaction() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, finished = ?, result = ? WHERE run_id = ?",
                (state, finished, json.dumps(old.result if result is None else result), run_id),
            )

    def set_adopted(self, run_id: str, adopted: bool = True) -> None:
        """Record that the files of a run have been taken over (or, after a resume, that they have not)."""
        with self._db.transaction() as connection:
            connection.execute("UPDATE runs SET adopted = ? WHERE run_id = ?", (adopted, run_id))

    def add_model(self, row: ModelRow) -> None:
        """Add a model; raises SSLStudioError (code "model_exists")."""
        with self._db.transaction() as connection:
            if self._db.value("SELECT 1 FROM models WHERE model_id = ?", (row.model_id,)):
                raise SSLStudioError("This model exists already.", "Fit again.", code="model_exists")
            scores = None if row.scores is None else json.dumps(row.scores)
            connection.execute(
                f"""INSERT INTO models ({_MODEL_COLUMNS}, position)
                    VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM models))""",
                (row.model_id, row.embedding, row.created, json.dumps(row.classes), scores),
            )

    def models(self) -> list[ModelRow]:
        """All models, oldest first."""
        return [_model_row(row) for row in self._db.rows(f"SELECT {_MODEL_COLUMNS} FROM models ORDER BY position")]

    def model(self, model_id: str) -> ModelRow:
        """One model; raises SSLStudioError (code "unknown_model")."""
        row = self._db.row(f"SELECT {_MODEL_COLUMNS} FROM models WHERE model_id = ?", (model_id,))
        if row is None:
            raise SSLStudioError(
                f"There is no model called {model_id}.", "Choose one of the project's models.", code="unknown_model"
            )
        return _model_row(row)

    def set_model_scores(self, model_id: str, scores: dict[str, Any]) -> None:
        """Store the scores of a model, replacing older ones."""
        self.model(model_id)
        with self._db.transaction() as connection:
            connection.execute("UPDATE models SET scores = ? WHERE model_id = ?", (json.dumps(scores), model_id))

    def setting(self, key: str, default: Any = None) -> Any:
        """A JSON value kept in the project, or `default`."""
        text = self._db.value("SELECT value FROM settings WHERE key = ?", (key,))
        return default if text is None else json.loads(text)

    def set_setting(self, key: str, value: Any) -> None:
        """Keep a JSON value in the project; None forgets it."""
        with self._db.transaction() as connection:
            if value is None:
                connection.execute("DELETE FROM settings WHERE key = ?", (key,))
            else:
                connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))


def now() -> str:
    """The present moment in UTC, ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _run_row(row: Row) -> RunRow:
    run_id, stage, name, state, created, finished, spec, result, adopted = row
    return RunRow(run_id, stage, name, RunState(state), created, finished, spec, json.loads(result), bool(adopted))


def _model_row(row: Row) -> ModelRow:
    model_id, embedding, created, classes, scores = row
    return ModelRow(
        model_id, embedding, created, tuple(json.loads(classes)), None if scores is None else json.loads(scores)
    )
