"""What the triage found: looks, findings and decisions. A decision of the user is never changed by a later look."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sslstudio.catalogue.database import Database
from sslstudio.catalogue.drawn import SIDE
from sslstudio.catalogue.rows import FindingCount, FindingRow
from sslstudio.domain.findings import (
    COMPARING,
    LEFT_OUT,
    TEXT_SUSPECTED,
    Box,
    Decision,
    Finding,
    FindingKind,
    FindingState,
    KnownImage,
    Look,
)

IMAGES_PER_TRANSACTION = 500

T = TypeVar("T")

_COLUMNS = f"""f.image_id, f.kind, f.score, f.why, f."group", f.representative, f.boxes, f.state,
    u.pseudonym, s.pseudonym, {SIDE}, i.height, i.width, i.excluded"""
_TABLES = """findings f JOIN images i USING (image_id) JOIN series s USING (series_id) JOIN studies t USING (study_id)
    JOIN subjects u USING (subject_id)"""


class FindingTables:
    """The part of the catalogue that knows what the triage found and what the user made of it."""

    _db: Database

    def images_not_looked_at(self) -> int:
        """How many images no triage has looked at."""
        query = "SELECT count(*) FROM images WHERE image_id NOT IN (SELECT image_id FROM looks)"
        return int(self._db.slow_row(query)[0])

    def images_not_searched(self) -> int:
        """How many images were looked at, but not for duplicates: the triage was stopped before its end."""
        return int(self._db.slow_row("SELECT count(*) FROM looks WHERE NOT searched")[0])

    def known_images(self) -> list[KnownImage]:
        """What a triage is told of the images beside their items; images of which nothing is known are left out."""
        rows = self._db.rows(
            """SELECT i.image_id, coalesce(l.hashes, ''), coalesce(l.border, 0), coalesce(l.middle, 0),
                      coalesce(l.searched, 0), coalesce(f."group", ''), i.kind,
                      coalesce(json_extract(i.columns, '$."burned-in text"'), ''),
                      coalesce(json_extract(i.columns, '$."test object"'), '') = 'yes'
               FROM images i LEFT JOIN looks l USING (image_id)
               LEFT JOIN findings f ON f.image_id = i.image_id AND f.kind = 'duplicate'
               WHERE l.image_id IS NOT NULL OR i.kind <> '' OR i.columns LIKE '%"burned-in text"%'
                  OR i.columns LIKE '%"test object"%' ORDER BY i.image_id"""
        )
        return [KnownImage(**dict(zip(KnownImage.model_fields, row, strict=True))) for row in rows]

    def adopt_looks(self, run_id: str, looks: Iterable[Look]) -> int:
        """Take over what was found on single images; at most 500 images a transaction; returns how many looks.

        A new suspicion of burned-in text leaves its image out until somebody has looked. Findings that somebody has
        decided on stay as they are; open ones that are not found again go.
        """
        count = 0
        stream = iter(looks)
        while batch := list(islice(stream, IMAGES_PER_TRANSACTION)):
            with self._db.transaction() as connection:
                for look in batch:
                    if self._db.value("SELECT 1 FROM images WHERE image_id = ?", (look.image_id,)) is None:
                        continue
                    connection.execute(
                        """INSERT INTO looks (image_id, hashes, border, middle) VALUES (?, ?, ?, ?)
                           ON CONFLICT (image_id) DO UPDATE SET searched = searched AND hashes = excluded.hashes,
                           hashes = excluded.hashes, border = excluded.border, middle = excluded.middle""",
                        (look.image_id, look.hashes, look.border, look.middle),
                    )
                    self._replace(connection, run_id, look)
            count += len(batch)
        return count

    def _replace(self, connection: sqlite3.Connection, run_id: str, look: Look) -> None:
        standing: dict[str, str] = dict(
            self._db.rows("SELECT kind, state FROM findings WHERE image_id = ?", (look.image_id,))
        )
        found = {finding.kind for finding in look.findings}
        for kind, state in standing.items():
            if state == "open" and kind not in found and kind not in COMPARING:
                connection.execute("DELETE FROM findings WHERE image_id = ? AND kind = ?", (look.image_id, kind))
                if kind == "text":
                    _release(connection, look.image_id)
        for finding in look.findings:
            _store(connection, run_id, finding)
        if "text" in found and "text" not in standing:
            connection.execute(
                "UPDATE images SET excluded = ? WHERE image_id = ? AND excluded IS NULL",
                (TEXT_SUSPECTED, look.image_id),
            )

    def adopt_compared(
        self, run_id: str, findings: Iterable[Finding], searched: Iterable[int], *, anew: bool = False
    ) -> None:
        """Take over what came of comparing images, and note that the images `searched` were compared with all others.

        `anew` says that all images were: open findings of this sort that did not come again go.
        """
        if anew:
            with self._db.transaction() as connection:
                marks = ", ".join("?" * len(COMPARING))
                connection.execute(f"DELETE FROM findings WHERE state = 'open' AND kind IN ({marks})", COMPARING)
        for rows in _batches(findings):
            with self._db.transaction() as connection:
                for finding in rows:
                    if self._db.value("SELECT 1 FROM images WHERE image_id = ?", (finding.image_id,)) is not None:
                        _store(connection, run_id, finding)
        for ids in _batches(searched):
            with self._db.transaction() as connection:
                connection.executemany("UPDATE looks SET searched = 1 WHERE image_id = ?", [(key,) for key in ids])

    def finding_counts(self) -> list[FindingCount]:
        """How many findings there are of each kind that has any."""
        rows = self._db.rows(
            """SELECT kind, sum(state = 'open'), sum(state = 'confirmed'), sum(state = 'dismissed'),
                      count(DISTINCT CASE WHEN state = 'open' AND "group" <> '' THEN "group" END)
               FROM findings GROUP BY kind"""
        )
        return [FindingCount(*row) for row in rows]

    def findings(
        self, kind: FindingKind, *, state: FindingState | None = "open", limit: int = -1, offset: int = 0
    ) -> list[FindingRow]:
        """Findings of one kind, the strongest first; near-duplicates group by group, the representative first.

        `limit` and `offset` count findings, for near-duplicates groups; a group with an open member comes whole.
        """
        if kind == "duplicate":
            rows = self._db.rows(
                f"""SELECT {_COLUMNS} FROM {_TABLES} JOIN (
                        SELECT "group" AS g, max(score) AS strength FROM findings
                        WHERE kind = 'duplicate' AND (?1 IS NULL OR state = ?1)
                        GROUP BY "group" ORDER BY strength DESC, min(image_id) LIMIT ?2 OFFSET ?3)
                    ON g = f."group" WHERE f.kind = 'duplicate'
                    ORDER BY strength DESC, g, f.representative DESC, f.image_id""",
                (state, limit, offset),
            )
        else:
            rows = self._db.rows(
                f"""SELECT {_COLUMNS} FROM {_TABLES} WHERE f.kind = ?1 AND (?2 IS NULL OR f.state = ?2)
                    ORDER BY f.score DESC, f.image_id LIMIT ?3 OFFSET ?4""",
                (kind, state, limit, offset),
            )
        return [_row(*row) for row in rows]

    def findings_of(self, image_id: int) -> list[FindingRow]:
        """All findings of one image."""
        rows = self._db.rows(f"SELECT {_COLUMNS} FROM {_TABLES} WHERE f.image_id = ? ORDER BY f.kind", (image_id,))
        return [_row(*row) for row in rows]

    def copies_of(self, image_ids: Collection[int]) -> set[int]:
        """The images that show the same picture as one of these, unless somebody has said that they differ."""
        wanted = set(image_ids)
        groups: dict[str, list[int]] = defaultdict(list)
        for image_id, group in self._db.rows(
            """SELECT image_id, "group" FROM findings WHERE kind = 'duplicate' AND state <> 'dismissed'"""
        ):
            groups[group].append(image_id)
        return {key for members in groups.values() if not wanted.isdisjoint(members) for key in members} - wanted

    def decide(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        """Store decisions with their exclusions; returns the inverse. Findings that are gone are passed over."""
        before = []
        with self._db.transaction() as connection:
            for one in decisions:
                old = self._db.row(
                    """SELECT state, excluded FROM findings JOIN images USING (image_id)
                       WHERE image_id = ? AND findings.kind = ?""",
                    (one.image_id, one.kind),
                )
                if old is None:
                    continue
                before.append(Decision(image_id=one.image_id, kind=one.kind, state=old[0], excluded=old[1]))
                connection.execute(
                    "UPDATE findings SET state = ? WHERE image_id = ? AND kind = ?",
                    (one.state, one.image_id, one.kind),
                )
                connection.execute("UPDATE images SET excluded = ? WHERE image_id = ?", (one.excluded, one.image_id))
        return tuple(reversed(before))

    def quarantined(self) -> int:
        """How many images are left out because of text that nobody has looked at yet."""
        return int(self._db.value("SELECT count(*) FROM images WHERE excluded = ?", (TEXT_SUSPECTED,)))


def left_out(row: FindingRow) -> Decision:
    """The decision that a finding is right and its image is left out; another reason that stands already stays."""
    reason = row.excluded if row.excluded not in (None, TEXT_SUSPECTED) else LEFT_OUT[row.kind]
    return Decision(image_id=row.image_id, kind=row.kind, state="confirmed", excluded=reason)


def kept(row: FindingRow, *, state: FindingState = "dismissed") -> Decision:
    """The decision that the image stays in; an exclusion for a reason that is not this finding's stays."""
    own = (LEFT_OUT[row.kind], *((TEXT_SUSPECTED,) if row.kind == "text" else ()))
    excluded = None if row.excluded in own else row.excluded
    return Decision(image_id=row.image_id, kind=row.kind, state=state, excluded=excluded)


def _store(connection: sqlite3.Connection, run_id: str, finding: Finding) -> None:
    """Add a finding. One that was decided on keeps all but its group: groups that grow together become one."""
    boxes = json.dumps([list(box.model_dump().values()) for box in finding.boxes])
    connection.execute(
        """INSERT INTO findings (image_id, kind, score, why, "group", representative, boxes, run_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (image_id, kind) DO UPDATE SET "group" = excluded."group"
           """,
        (
            finding.image_id, finding.kind, finding.score, finding.why, finding.group, finding.representative, boxes,
            run_id,
        ),
    )  # fmt: skip
    connection.execute(
        """UPDATE findings SET score = ?, why = ?, representative = ?, boxes = ?, run_id = ?
           WHERE image_id = ? AND kind = ? AND state = 'open'""",
        (
            finding.score, finding.why, finding.representative, boxes, run_id, finding.image_id, finding.kind,
        ),
    )  # fmt: skip


def _release(connection: sqlite3.Connection, image_id: int) -> None:
    connection.execute(
        "UPDATE images SET excluded = NULL WHERE image_id = ? AND excluded = ?", (image_id, TEXT_SUSPECTED)
    )


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    stream = iter(items)
    while batch := list(islice(stream, IMAGES_PER_TRANSACTION)):
        yield batch


def _row(
    image_id: int, kind: FindingKind, score: float, why: str, group: str, representative: int, boxes: str,
    state: FindingState, subject: str, series: str, part: str, height: int, width: int, excluded: str | None,
) -> FindingRow:  # fmt: skip
    return FindingRow.model_validate(
        {
            "image_id": image_id, "kind": kind, "score": score, "why": why, "group": group,
            "representative": bool(representative), "boxes": tuple(_box(*box) for box in json.loads(boxes)),
            "state": state, "subject": subject, "series": series, "part": part, "height": height, "width": width,
            "excluded": excluded,
        }
    )  # fmt: skip


def _box(left: float, top: float, width: float, height: float) -> Box:
    return Box(left=left, top=top, width=width, height=height)
