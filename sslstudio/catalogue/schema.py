"""The tables, as a list of migrations; `user_version` of a database is how many of them it has seen.

The split stands on the subject, so no image of one subject can stand on the other side: the shape itself
forbids a leaky split. Local paths stand in `sources`, `locations` and `trial` and nowhere else. A released migration
never changes.
"""

from __future__ import annotations

APPLICATION_ID = 0x53534C31

READABLE_SINCE = 1
"""Programs that know at least this schema version can read what this program writes."""

_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('project_id', lower(hex(randomblob(16))))",
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE subjects (
        subject_id INTEGER PRIMARY KEY,
        pseudonym TEXT NOT NULL UNIQUE,
        part TEXT NOT NULL DEFAULT '' CHECK (part IN ('', 'train', 'test')))""",
    """CREATE TABLE studies (
        study_id INTEGER PRIMARY KEY,
        subject_id INTEGER NOT NULL REFERENCES subjects,
        pseudonym TEXT NOT NULL,
        UNIQUE (subject_id, pseudonym))""",
    """CREATE TABLE series (
        series_id INTEGER PRIMARY KEY,
        study_id INTEGER NOT NULL REFERENCES studies,
        pseudonym TEXT NOT NULL,
        UNIQUE (study_id, pseudonym))""",
    """CREATE TABLE images (
        image_id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest TEXT NOT NULL,
        frame INTEGER NOT NULL,
        pixel_digest TEXT NOT NULL,
        series_id INTEGER NOT NULL REFERENCES series,
        modality TEXT NOT NULL,
        body_part TEXT NOT NULL,
        laterality TEXT NOT NULL,
        view TEXT NOT NULL,
        scanner TEXT NOT NULL,
        bits INTEGER NOT NULL,
        slope REAL NOT NULL,
        intercept REAL NOT NULL,
        low REAL NOT NULL,
        high REAL NOT NULL,
        instance_number INTEGER,
        slice_position REAL,
        shard TEXT NOT NULL,
        "offset" INTEGER NOT NULL,
        height INTEGER NOT NULL,
        width INTEGER NOT NULL,
        channels INTEGER NOT NULL,
        dtype TEXT NOT NULL,
        run_id TEXT NOT NULL,
        excluded TEXT,
        UNIQUE (digest, frame))""",
    "CREATE INDEX images_series ON images (series_id)",
    "CREATE INDEX images_pixels ON images (pixel_digest)",
    "CREATE INDEX images_excluded ON images (excluded) WHERE excluded IS NOT NULL",
    """CREATE TABLE locations (
        location_id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL)""",
    """CREATE TABLE image_locations (
        image_id INTEGER NOT NULL REFERENCES images,
        location_id INTEGER NOT NULL REFERENCES locations,
        PRIMARY KEY (image_id, location_id)) WITHOUT ROWID""",
    "CREATE INDEX image_locations_back ON image_locations (location_id)",
    """CREATE TABLE ledger (
        location_id INTEGER PRIMARY KEY REFERENCES locations,
        run_id TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('imported', 'skipped')),
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        hint TEXT NOT NULL,
        images INTEGER NOT NULL,
        dry INTEGER NOT NULL)""",
    "CREATE INDEX ledger_code ON ledger (code)",
    """CREATE TABLE classes (
        class_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        colour TEXT NOT NULL,
        key TEXT NOT NULL,
        description TEXT NOT NULL,
        crc INTEGER NOT NULL)""",
    """CREATE TABLE labels (
        image_id INTEGER PRIMARY KEY REFERENCES images,
        mark TEXT NOT NULL CHECK (mark IN ('class', 'uncertain', 'excluded')),
        class_id INTEGER REFERENCES classes,
        origin TEXT NOT NULL,
        author TEXT NOT NULL,
        at TEXT NOT NULL,
        crc INTEGER NOT NULL,
        CHECK ((mark = 'class') = (class_id IS NOT NULL)))""",
    "CREATE INDEX labels_class ON labels (class_id)",
    "CREATE TABLE label_history (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)",
    """CREATE TABLE label_changes (
        image_id INTEGER NOT NULL,
        seq INTEGER NOT NULL REFERENCES label_history,
        mark TEXT,
        class_name TEXT NOT NULL,
        origin TEXT,
        author TEXT NOT NULL,
        at TEXT NOT NULL,
        how TEXT NOT NULL,
        PRIMARY KEY (image_id, seq)) WITHOUT ROWID""",
    """CREATE TABLE label_commands (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        stack TEXT NOT NULL CHECK (stack IN ('undo', 'redo')),
        command TEXT NOT NULL,
        text TEXT NOT NULL,
        crc INTEGER NOT NULL)""",
    "CREATE INDEX label_commands_stack ON label_commands (stack, position)",
    """CREATE TABLE label_head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        seq INTEGER NOT NULL,
        checksum INTEGER NOT NULL)""",
    "INSERT INTO label_head VALUES (1, 0, 0)",
    """CREATE TABLE runs (
        run_id TEXT PRIMARY KEY,
        position INTEGER NOT NULL UNIQUE,
        stage TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        created TEXT NOT NULL,
        finished TEXT NOT NULL,
        spec TEXT NOT NULL,
        result TEXT NOT NULL,
        adopted INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE models (
        model_id TEXT PRIMARY KEY,
        position INTEGER NOT NULL UNIQUE,
        embedding TEXT NOT NULL,
        created TEXT NOT NULL,
        classes TEXT NOT NULL,
        scores TEXT)""",
)

_FACTS = (
    *(
        f"ALTER TABLE images ADD COLUMN {column}"
        for column in (
            "sop TEXT NOT NULL DEFAULT ''",
            "source_series TEXT NOT NULL DEFAULT ''",
            "kind TEXT NOT NULL DEFAULT '' CHECK (kind IN ('', 'localiser', 'secondary_capture', 'derived'))",
            "unit TEXT NOT NULL DEFAULT ''",
            "site TEXT NOT NULL DEFAULT ''",
            "day INTEGER",
            "phase INTEGER",
            "row_spacing REAL",
            "column_spacing REAL",
            "columns TEXT NOT NULL DEFAULT '{}'",
        )
    ),
    "CREATE INDEX images_sop ON images (sop, frame) WHERE sop <> ''",
    "CREATE INDEX images_source_series ON images (source_series) WHERE source_series <> ''",
)

_ORDER = (
    "DROP INDEX images_series",
    "CREATE INDEX images_order ON images (series_id, phase, slice_position, instance_number, frame)",
)

_PLACES = (
    "ALTER TABLE images ADD COLUMN place INTEGER",
    "ALTER TABLE series ADD COLUMN notes TEXT NOT NULL DEFAULT '[]'",
    "CREATE INDEX images_without_place ON images (series_id) WHERE place IS NULL",
    "DROP INDEX images_order",
    "CREATE INDEX images_order ON images (series_id, place, phase, slice_position, instance_number, frame)",
)

_NAME = "substr({0}, length(rtrim({0}, replace({0}, '{1}', ''))) + 1)"

_FILES = (
    "CREATE TABLE sources (source_id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE)",
    "ALTER TABLE locations ADD COLUMN source_id INTEGER REFERENCES sources",
    "ALTER TABLE locations ADD COLUMN digest TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE locations ADD COLUMN name TEXT NOT NULL DEFAULT ''",
    *(
        f"ALTER TABLE ledger ADD COLUMN {name} TEXT NOT NULL DEFAULT ''"
        for name in ("modality", "patient", "study", "series")
    ),
    "DELETE FROM ledger WHERE dry",
    """UPDATE locations SET digest = first.digest FROM (
           SELECT location_id, digest, min(image_id) FROM image_locations JOIN images USING (image_id)
           GROUP BY location_id) AS first
       WHERE first.location_id = locations.location_id""",
    f"""UPDATE locations SET name = CASE WHEN instr(path, '/') THEN {_NAME.format("path", "/")}
           ELSE {_NAME.format("path", chr(92))} END""",
    """UPDATE ledger SET modality = first.modality, study = first.study, series = first.series,
           patient = CASE WHEN first.modality = '' OR first.subject = first.study THEN '' ELSE first.subject END
       FROM (
           SELECT location_id, modality, subjects.pseudonym AS subject, studies.pseudonym AS study,
               series.pseudonym AS series, min(image_id)
           FROM image_locations JOIN images USING (image_id) JOIN series USING (series_id)
           JOIN studies USING (study_id) JOIN subjects USING (subject_id)
           GROUP BY location_id) AS first
       WHERE first.location_id = ledger.location_id AND first.modality <> ''""",
    "CREATE INDEX locations_digest ON locations (digest) WHERE digest <> ''",
    "CREATE INDEX locations_name ON locations (name)",
    """CREATE TABLE trial (
        trial_id INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        source TEXT NOT NULL,
        size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('imported', 'skipped')),
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        hint TEXT NOT NULL,
        images INTEGER NOT NULL,
        name TEXT NOT NULL,
        modality TEXT NOT NULL,
        patient TEXT NOT NULL,
        study TEXT NOT NULL,
        series TEXT NOT NULL)""",
    "CREATE INDEX trial_code ON trial (code)",
    "CREATE INDEX trial_name ON trial (name)",
    """CREATE TABLE subject_changes (
        change_id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        text TEXT NOT NULL,
        identity TEXT NOT NULL,
        before BLOB NOT NULL)""",
)
"""Whose a file is by its own header, where it was chosen and what it held: so that subjects can be told apart anew and
a moved or changed file is known. A dry run has its own table."""

_TRIAGE = (
    """CREATE TABLE looks (
        image_id INTEGER PRIMARY KEY REFERENCES images ON DELETE CASCADE,
        hashes TEXT NOT NULL,
        border INTEGER NOT NULL,
        middle INTEGER NOT NULL,
        searched INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE findings (
        image_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE,
        kind TEXT NOT NULL,
        score REAL NOT NULL,
        why TEXT NOT NULL,
        "group" TEXT NOT NULL,
        representative INTEGER NOT NULL,
        boxes TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'dismissed')),
        run_id TEXT NOT NULL,
        PRIMARY KEY (image_id, kind)) WITHOUT ROWID""",
    "CREATE INDEX findings_kind ON findings (kind, state)",
    """CREATE INDEX findings_group ON findings ("group") WHERE "group" <> ''""",
)

_WINDOWS = (
    *(
        f"ALTER TABLE images ADD COLUMN {column}"
        for column in (
            "file_low REAL",
            "file_high REAL",
            "auto_low REAL",
            "auto_high REAL",
            "least REAL",
            "greatest REAL",
            "finished INTEGER NOT NULL DEFAULT 0",
        )
    ),
    "UPDATE images SET finished = 1 WHERE channels = 3 OR (dtype = 'uint8' AND modality = '')",
)
"""`low`, `high` stay what they were: the window an image came with. NULL: an older version did not keep it."""

_KINDS = ("CREATE INDEX images_kinds ON images (modality, body_part, unit, channels, finished) WHERE excluded IS NULL",)
"""What a rendering is suggested from, and how many images one would change: answered without reading the rows."""

_CHOSEN = (
    """ALTER TABLE sources ADD COLUMN kind TEXT NOT NULL DEFAULT 'folder'
       CHECK (kind IN ('', 'folder', 'file', 'table'))""",
    "ALTER TABLE sources ADD COLUMN image_column TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sources ADD COLUMN subject_column TEXT NOT NULL DEFAULT ''",
    "UPDATE sources SET kind = '' WHERE path = '/'",
)
"""What the user chose: a look for changes keeps to it. '': only the folder below which files have their paths, as for
the files that a table names (older versions took it for chosen; by whole paths in a table that was the whole disk)."""

_RATERS = (
    """CREATE TABLE answers (
        image_id INTEGER PRIMARY KEY REFERENCES images,
        mark TEXT NOT NULL,
        class_id INTEGER REFERENCES classes,
        origin TEXT NOT NULL,
        author TEXT NOT NULL,
        at TEXT NOT NULL,
        crc INTEGER NOT NULL,
        note TEXT NOT NULL DEFAULT '',
        source TEXT NOT NULL DEFAULT '',
        words_crc INTEGER NOT NULL DEFAULT 0,
        CHECK ((mark = 'class') = (class_id IS NOT NULL)))""",
    "INSERT INTO answers (image_id, mark, class_id, origin, author, at, crc) "
    "SELECT image_id, mark, class_id, origin, author, at, crc FROM labels",
    "DROP TABLE labels",
    "ALTER TABLE answers RENAME TO labels",
    "CREATE INDEX labels_class ON labels (class_id)",
    "ALTER TABLE label_changes ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE label_changes ADD COLUMN source TEXT NOT NULL DEFAULT ''",
    """CREATE TABLE readings (
        image_id INTEGER NOT NULL REFERENCES images,
        rater TEXT NOT NULL,
        mark TEXT NOT NULL,
        class_id INTEGER REFERENCES classes,
        at TEXT NOT NULL,
        note TEXT NOT NULL,
        source TEXT NOT NULL,
        settled INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        PRIMARY KEY (image_id, rater),
        CHECK ((mark = 'class') = (class_id IS NOT NULL))) WITHOUT ROWID""",
    "CREATE INDEX readings_class ON readings (class_id)",
    "ALTER TABLE label_head ADD COLUMN beside INTEGER NOT NULL DEFAULT 0",
)
"""Labels learn further answers, notes and where they come from; what other raters answered stands beside them. `crc`
and `checksum` mean what they did, so that older programs find the labels sound; what is new has a CRC and a sum of its
own."""

_FROZEN = (
    "ALTER TABLE subjects ADD COLUMN held INTEGER NOT NULL DEFAULT 0",
    """CREATE TRIGGER held_patients_test BEFORE UPDATE OF part ON subjects
       WHEN OLD.held AND NEW.held AND NEW.part <> 'test' BEGIN SELECT RAISE(ABORT, 'frozen test set'); END""",
    """CREATE TABLE test_events (
        event_id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('frozen', 'thawed', 'evaluated')),
        model_id TEXT NOT NULL DEFAULT '',
        images INTEGER NOT NULL DEFAULT 0,
        subjects INTEGER NOT NULL DEFAULT 0,
        why TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE copies (
        left_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE,
        right_id INTEGER NOT NULL REFERENCES images ON DELETE CASCADE,
        score REAL NOT NULL,
        same INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'same', 'differ')),
        CHECK (left_id < right_id),
        PRIMARY KEY (left_id, right_id)) WITHOUT ROWID""",
    "CREATE TABLE model_splits (model_id TEXT PRIMARY KEY, plan TEXT NOT NULL) WITHOUT ROWID",
)
"""Patients of the frozen test set (`held`) never train: the trigger forbids it whatever the program does. `copies`
keeps pairs of images that were compared: `same` is what the comparison said, `state` what the user said. A model's
split may name institutions and dates, so it stands here alone."""

_DRAWN = (
    """CREATE TABLE draws (
        image_id INTEGER PRIMARY KEY REFERENCES images ON DELETE CASCADE,
        at TEXT NOT NULL,
        images INTEGER NOT NULL,
        subjects INTEGER NOT NULL)""",
)
"""What the queue drew at random, and from how many images and patients; see `drawn`."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FIRST, _FACTS, _ORDER, _PLACES, _FILES, _TRIAGE, _WINDOWS, _KINDS, _CHOSEN, _RATERS, _FROZEN, _DRAWN,
)  # fmt: skip
"""Statement lists; the n-th brings a database from version n to n + 1."""

SCHEMA_VERSION = len(MIGRATIONS)
