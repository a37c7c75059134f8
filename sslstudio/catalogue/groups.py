"""Subjects, studies and series by their pseudonyms: found, or made where they are new."""

from __future__ import annotations

import sqlite3

Place = tuple[str, str, str]
"""Pseudonyms of subject, study and series."""


class SeriesNumbers:
    """Ids of series, each looked up once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[Place, int] = {}

    def of(self, place: Place) -> int:
        """The id of the series at `place`, made where it is new."""
        if place not in self._known:
            self._known[place] = series_number(self._connection, place)
        return self._known[place]


def series_number(connection: sqlite3.Connection, place: Place) -> int:
    """The id of the series at `place`; its subject, study and the series itself are made where they are new."""

    def number(sql: str, *parameters: object) -> int:
        cursor = connection.execute(sql, parameters)
        (found,) = cursor.fetchone()
        cursor.close()
        return int(found)

    subject = number(
        """INSERT INTO subjects (pseudonym) VALUES (?) ON CONFLICT (pseudonym)
           DO UPDATE SET pseudonym = pseudonym RETURNING subject_id""",
        place[0],
    )
    study = number(
        """INSERT INTO studies (subject_id, pseudonym) VALUES (?, ?) ON CONFLICT (subject_id, pseudonym)
           DO UPDATE SET pseudonym = pseudonym RETURNING study_id""",
        subject,
        place[1],
    )
    return number(
        """INSERT INTO series (study_id, pseudonym) VALUES (?, ?) ON CONFLICT (study_id, pseudonym)
           DO UPDATE SET pseudonym = pseudonym RETURNING series_id""",
        study,
        place[2],
    )
