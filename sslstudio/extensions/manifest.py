"""`plugin.toml`: what a plugin says about itself, as data; the window builds cards and forms from it alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from sslstudio.domain.record import Record
from sslstudio.domain.specs import ParameterValue, Preset
from sslstudio.errors import SSLStudioError

SUPPORTED_API = 1
FILE_NAME = "plugin.toml"
_LARGEST_MANIFEST = 1 << 20

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
ClassPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$")]


class Parameter(Record):
    """One parameter of a pretext task: a form field. `choices` are the values of a "choice".

    `minimum` and `maximum` bound int and float, both included; `unit` is shown behind the field, `help` under it.
    """

    name: Name
    label: str
    type: Literal["int", "float", "bool", "choice"]
    default: ParameterValue
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""

    @model_validator(mode="after")
    def _default_fits(self) -> Self:
        problem = self.problem(self.default)
        if problem:
            raise ValueError(f"the default of {self.name}: {problem}")
        return self

    def problem(self, value: ParameterValue) -> str:
        """Why `value` does not fit this parameter, as half a sentence; "" when it does."""
        if self.type == "bool":
            return "" if isinstance(value, bool) else "must be yes or no"
        if self.type == "choice":
            return "" if value in self.choices else f"must be one of {', '.join(self.choices)}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        if self.type == "int" and int(value) != value:
            return "must be a whole number"
        if not abs(value) < float("inf"):
            return "must be a finite number"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum:g}"
        return ""

    def clean(self, value: ParameterValue) -> ParameterValue:
        """`value`, known to fit, in the parameter's own type (3.0 as 3 for an int)."""
        if self.type == "int":
            return int(value)
        if self.type == "float":
            return float(value)
        return value


class Requires(Record):
    """What a pretext task needs to mean anything; it is not offered where that is missing.

    `families` are the kinds of backbone it works with, `dimensions` says whether it learns from single images (2), from
    volumes (3) or from either; `colour` says that grey images teach it nothing, `bags` that
    some patients must have several images, `neighbours` that there must be series of successive images. Images whose
    augmentation preset is in `not_for` suit it ill, for the reason `because` (a sentence).
    """

    families: Annotated[tuple[Literal["cnn", "vit"], ...], Field(min_length=1)] = ("cnn", "vit")
    dimensions: Annotated[tuple[Literal[2, 3], ...], Field(min_length=1)] = (2,)
    colour: bool = False
    bags: bool = False
    neighbours: bool = False
    not_for: tuple[Preset, ...] = ()
    because: str = ""


class Recommended(Record):
    """Settings of a run that suit a pretext task; None where those of every run do."""

    learning_rate: float | None = Field(default=None, gt=0)
    weight_decay: float | None = Field(default=None, ge=0)
    warmup_fraction: float | None = Field(default=None, ge=0, le=0.5)
    backbone: str = ""


class PretextTaskEntry(Record):
    """One pretext task: `code` is "package.module:Class" below the plugin's folder; the texts fill its card.

    `kind` sorts the cards. `recommended_batch` and `least_images` let the window warn before a run; 0 means nothing is
    known. `evidence` is a sentence with a figure of merit and where it comes from.
    """

    id: Name
    title: str
    code: ClassPath
    summary: str = ""
    needs: str = ""
    helps_when: str = ""
    reference: str = ""
    recommended_batch: int = 0
    least_images: int = 0
    kind: Literal["contrastive", "teacher", "clusters", "redundancy", "reconstruction", "prediction", "hybrid", ""] = ""
    evidence: str = ""
    requires: Requires = Requires()
    recommended: Recommended = Recommended()
    parameters: tuple[Parameter, ...] = ()

    def values(self, given: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
        """All parameters with `given` over the defaults; raises one SSLStudioError that names every problem."""
        known = {parameter.name: parameter for parameter in self.parameters}
        problems = [f"there is no parameter {name}" for name in given if name not in known]
        for name, parameter in known.items():
            if name in given:
                problem = parameter.problem(given[name])
                if problem:
                    problems.append(f"{parameter.label} ({name}) {problem}")
        if problems:
            raise SSLStudioError(
                f"{self.title} cannot run with these parameters: {'; '.join(problems)}.",
                f"Parameters of {self.title}: {', '.join(known) or 'none'}.",
                code="bad_parameters",
            )
        return {name: parameter.clean(given.get(name, parameter.default)) for name, parameter in known.items()}


class Manifest(Record):
    """A whole `plugin.toml`."""

    id: Name
    name: str
    version: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    api: int
    licence: str
    description: str = ""
    authors: tuple[str, ...] = ()
    homepage: str = ""
    pretext_tasks: Annotated[tuple[PretextTaskEntry, ...], Field(min_length=1)]


def read_manifest(folder: Path) -> Manifest:
    """Read `folder`/plugin.toml; raises SSLStudioError with a sentence that says what is wrong where."""
    path = folder / FILE_NAME
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise SSLStudioError(f"The plugin's {FILE_NAME} is too large.", code="bad_manifest")
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise SSLStudioError(f"The folder has no readable {FILE_NAME}.", code="no_manifest") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise SSLStudioError(f"The plugin's {FILE_NAME} is not valid TOML.", code="bad_manifest") from None
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        places = "; ".join(_place(problem["loc"], problem["msg"]) for problem in error.errors())
        raise SSLStudioError(f"The plugin's {FILE_NAME} does not fit: {places}.", code="bad_manifest") from None
    if manifest.api != SUPPORTED_API:
        raise SSLStudioError(
            f"The plugin was written for version {manifest.api} of the plugin contract; this is {SUPPORTED_API}.",
            "Install a version of the plugin that fits.",
            code="wrong_api",
        )
    return manifest


def _place(location: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(str(part) for part in location)}: {message}"
