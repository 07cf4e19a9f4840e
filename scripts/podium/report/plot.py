"""The plot of a run's scores: the same scores give the same bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.records import Scores


def draw_scores(scores: Scores) -> bytes:
    """Draw pass@1 of every task as horizontal bars; returns PNG bytes without dates or versions in them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [score.task for score in reversed(scores.tasks)]
    values = [100 * score.pass_at["pass@1"] for score in reversed(scores.tasks)]
    figure = Figure(figsize=(7, 1 + 0.35 * len(names)), dpi=100, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    bars = axes.barh(names, values, color="#3b6ea5")
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_xlim(0, 100)
    axes.set_xlabel("pass@1 (%)")
    axes.set_title(f"{scores.model.hub_id}, {scores.mode}")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
