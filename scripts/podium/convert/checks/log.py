"""The training log against the model: a loss of exactly 0, or one that the causal model does not have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from podium.errors import CheckpointError, RecordError
from podium.files import complete_lines, parse_json
from podium.records import Check

if TYPE_CHECKING:
    from pathlib import Path

# A model that saw the future while training logs a loss that its causal reading cannot come near.
MUCH_BETTER = 2.0


def check_log(path: Path, text_nats: float) -> Check:
    """Hold the last `val_loss` (else `loss`) of a JSONL log against the model's score on plain Python.

    Raises CheckpointError when the log cannot be read or has no loss.
    """
    rows = _rows(path)
    losses = [(key, row[key]) for row in rows for key in ("val_loss", "loss") if _is_number(row.get(key))]
    if not losses:
        message = f"{path} has no val_loss and no loss"
        raise CheckpointError(message, hint="pass the JSONL log that training wrote, or leave --log out")
    zeros = sum(value == 0 for _, value in losses)
    key, last = next((pair for pair in reversed(losses) if pair[0] == "val_loss"), losses[-1])
    saw = f"last {key} {last:.4f}, plain Python {text_nats:.2f} nats a token"
    if zeros:
        saw += f"; {zeros} losses are exactly 0: a swallowed failure"
    is_sound = not zeros and last > text_nats - MUCH_BETTER
    if not zeros and not is_sound:
        saw += "; training logged far better than this model is: another mask, tokenizer or file"
    return Check(name="training-log", ok=is_sound, saw=saw)


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        values = [parse_json(line, f"{path}:{number}") for number, line in complete_lines(path) if line.strip()]
    except RecordError as err:
        raise CheckpointError(str(err), hint="pass the JSONL log that training wrote, or leave --log out") from err
    return [value for value in values if isinstance(value, dict)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
