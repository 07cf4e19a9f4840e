"""pass@1 of every task."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from podium.report.document import Plot, percent

if TYPE_CHECKING:
    from podium.gates.evidence import Evidence


def plot(evidence: Evidence) -> Plot:
    """Horizontal bars; PNG bytes without dates or versions in them."""
    # Imported on use: it takes half a second.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    scores = evidence.scores
    passed = {score.task: score.pass_at["pass@1"] for score in scores.tasks}
    names = list(reversed(passed))
    figure = Figure(figsize=(7, 1 + 0.35 * len(names)), dpi=100, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    bars = axes.barh(names, [100 * passed[name] for name in names], color="#3b6ea5")
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_xlim(0, 100)
    axes.set_xlabel("pass@1 (%)")
    axes.set_title(f"{scores.model.hub_id}, {scores.mode}")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    said = ", ".join(f"{name} {percent(share)} %" for name, share in passed.items())
    return Plot(png=stream.getvalue(), alt=f"pass@1: {said}")
