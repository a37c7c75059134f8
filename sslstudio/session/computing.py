"""Asking for numeric work: in the compute process, or here when there is none."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future


class Compute(Protocol):
    """Where numeric work goes; `jobs.compute.ComputeProcess` is one."""

    def submit(self, target: str, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function named "package.module:function" elsewhere."""


def call(compute: Compute | None, target: str, *args: Any) -> Any:
    """Call a function of `sslstudio.classifiers` in the compute process, or here when there is none."""
    if compute is not None:
        return compute.submit(target, *args).result()
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(*args)
