"""Every reading of a checkpoint's bytes with its scores: on plain text, where only position helps, on golden logits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from podium.convert.probe import SEGMENT
from podium.convert.trial import Trunk, final_states, head_of, mean_nats
from podium.records import Trial

if TYPE_CHECKING:
    from podium.convert.golden import Golden
    from podium.convert.hypotheses import Grid
    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.convert.probe import Probe
    from podium.progress import Progress
    from podium.records import Hypothesis

# Measured on small trained models: order and head differ by nats, rotary pairings by tenths.
BETTER_THAN_CHANCE = 0.5
# A model that has learnt anything of code leaves this share of chance behind on plain Python: 2 of 10.4 nats.
WELL_BELOW_CHANCE = 0.2
# A model far too sure of itself is worse than chance by what it gets wrong: its logits are judged scaled down.
LOGIT_SCALES = tuple(2.0**-power for power in range(1, 13))


class Readings:
    """What the layers make of the probe, and of the golden ids, under every hypothesis of a grid."""

    def __init__(
        self, checkpoint: Checkpoint, grid: Grid, probe: Probe, golden: Golden | None, report: Progress
    ) -> None:
        self._checkpoint, self._grid, self._golden, self._report = checkpoint, grid, golden, report
        self._text, self._repeats = torch.tensor([probe.text]), torch.tensor(probe.repeats)
        trunks = [Trunk(order, pairing) for order in grid.orders for pairing in grid.pairings]
        batches = [self._text, self._repeats]
        batches += [torch.tensor(golden.ids[None].astype("int64"))] if golden else []
        self._states = final_states(checkpoint, trunks, batches, report)
        self.chance = math.log(checkpoint.config.vocab_size)

    def logit_scale(self) -> float:
        """1, or the power of two at which the text is predicted best: where it is not at 1, and is then."""
        if self._best_text(1.0) < self.chance * (1 - WELL_BELOW_CHANCE):
            return 1.0
        best = min((1.0, *LOGIT_SCALES), key=self._best_text)
        return best if self._best_text(best) < self.chance - BETTER_THAN_CHANCE else 1.0

    def trials(self, scale: float) -> list[Trial]:
        """Every hypothesis with its scores, best first."""
        trials = [
            Trial(
                hypothesis=hypothesis,
                text_nats=self._text_nats(hypothesis, scale),
                position_nats=mean_nats(
                    self._seen(hypothesis)[1], self._repeats, self._head(hypothesis), SEGMENT + 1, scale
                ),
                golden_difference=self._golden_difference(hypothesis),
            )
            for hypothesis in self._grid.hypotheses()
        ]
        return sorted(trials, key=golden_key if self._golden else combined)

    def maskless_nats(self, trials: list[Trial], scale: float) -> float:
        """The text's best score when every position sees all others: of the best hypothesis, of all if none is good."""
        chosen = trials[:1] if trials[0].text_nats < self.chance - BETTER_THAN_CHANCE else trials
        trunks = {Trunk(trial.hypothesis.order, trial.hypothesis.pairing, is_causal=False) for trial in chosen}
        states = final_states(self._checkpoint, sorted(trunks, key=repr), [self._text], self._report)
        heads = [head_of(self._checkpoint, head) for head in self._grid.heads]
        return min(mean_nats(seen[0], self._text, head, 1, scale) for seen in states.values() for head in heads)

    def _best_text(self, scale: float) -> float:
        return min(self._text_nats(hypothesis, scale) for hypothesis in self._grid.hypotheses())

    def _text_nats(self, hypothesis: Hypothesis, scale: float) -> float:
        return mean_nats(self._seen(hypothesis)[0], self._text, self._head(hypothesis), 1, scale)

    def _seen(self, hypothesis: Hypothesis) -> list[torch.Tensor]:
        return self._states[Trunk(hypothesis.order, hypothesis.pairing)]

    def _head(self, hypothesis: Hypothesis) -> torch.Tensor:
        return head_of(self._checkpoint, hypothesis.head)

    def _golden_difference(self, hypothesis: Hypothesis) -> float | None:
        if self._golden is None:
            return None
        rows = self._seen(hypothesis)[2][0, torch.from_numpy(self._golden.positions.astype("int64"))]
        with torch.inference_mode():
            logits = functional.linear(rows, self._head(hypothesis))
            return float((logits - torch.from_numpy(self._golden.logits)).abs().max())


def combined(trial: Trial) -> float:
    """The mean of both scores, by which readings are ordered where there are no golden logits."""
    return (trial.text_nats + trial.position_nats) / 2


def golden_key(trial: Trial) -> float:
    """How far a reading is from the golden logits."""
    return math.inf if trial.golden_difference is None else trial.golden_difference
