"""What to go on with when a run has succeeded; kept in the project, so that it holds when the window was closed."""

from __future__ import annotations

from sslstudio.domain.specs import EmbedSpec, MapSpec
from sslstudio.session import workflow
from sslstudio.session.project import Project

SETTING = "follow_up"
PLACE = "place_new_images"


class FollowUp:
    """The chain of stages that a run is to be followed by. Called from background threads only.

    `PLACE` among them is a map on which the images that are on the map before stay where they are.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def remember(self, run_id: str, stages: tuple[str, ...]) -> None:
        """After `run_id` go on with `stages`, each of "embed", "map_embeddings", `PLACE`."""
        self._store({**self._stored(), run_id: list(stages)})

    def next_run(self, run_id: str) -> str | None:
        """Prepare the run that follows the successful `run_id` and return its id; None when nothing follows."""
        stored = self._stored()
        stages = stored.pop(run_id, [])
        if not stages:
            return None
        made = self._prepare(stages[0], run_id)
        if stages[1:]:
            stored[made] = stages[1:]
        self._store(stored)
        return made

    def _prepare(self, stage: str, run_id: str) -> str:
        if stage == "embed":
            return workflow.prepare_embed(self._project, EmbedSpec(source=run_id))
        keep = workflow.map_to_keep(self._project, run_id) if stage == PLACE else ""
        return workflow.prepare_map(self._project, MapSpec(embedding=run_id, keep=keep))

    def _stored(self) -> dict[str, list[str]]:
        return dict(self._project.catalogue.setting(SETTING, {}))

    def _store(self, value: dict[str, list[str]]) -> None:
        self._project.catalogue.set_setting(SETTING, value)
