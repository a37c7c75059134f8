"""The earlier study of a patient: the latest before the image, of the same view first, never of another patient."""

from __future__ import annotations

from pathlib import Path

from sslstudio.session import Project
from tests.fakes.project_runs import imported


def test_it_is_the_latest_study_before_of_the_same_patient(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with Project.create(tmp_path / "p") as project:
        imported(project, source, n_patients=3, images_each=4)
        catalogue = project.catalogue
        assert catalogue.prior_study(1) == ([], None)  # one study a patient
        details = {image_id: catalogue.image(image_id) for image_id in catalogue.image_ids()}
        mine = [image_id for image_id, one in details.items() if one.subject == details[1].subject]
        with catalogue._db.transaction() as db:
            ((study,),) = db.execute(
                "SELECT study_id FROM series JOIN images USING (series_id) WHERE image_id = 1"
            ).fetchall()
            for number, (image_id, day) in enumerate(zip(mine[1:], (10, 20, 99), strict=True)):
                db.execute(
                    "INSERT INTO studies (study_id, subject_id, pseudonym) "
                    "SELECT ?, subject_id, ? FROM studies WHERE study_id = ?",
                    (900 + number, f"later{number}", study),
                )
                db.execute(
                    "INSERT INTO series (series_id, study_id, pseudonym) VALUES (?, ?, 'x')", (900 + number,) * 2
                )
                db.execute("UPDATE images SET series_id = ?, day = ? WHERE image_id = ?", (900 + number, day, image_id))
            db.execute("UPDATE images SET day = 30 WHERE image_id = 1")
        assert catalogue.prior_study(1) == ([mine[2]], 10)
        assert catalogue.prior_study(mine[1]) == ([], None)
