"""The plots of a report: each a function over the evidence, in a file of its own and a row here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.report.plots import scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from podium.gates.evidence import Evidence
    from podium.report.document import Plot

# What the file is called -> what draws it, in the order in which they are shown.
PLOTS: dict[str, Callable[[Evidence], Plot]] = {
    "scores": scores.plot,
}
