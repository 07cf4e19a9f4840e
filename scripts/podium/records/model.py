"""model.json: what the model directory holds, and how it came out of the checkpoint."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from podium.files import sha256_json
from podium.records.check import Check
from podium.records.digests import FileDigest, digest_of_files
from podium.records.plan import Conversion
from podium.records.values import Count, HeadLayout, Order, Pairing, Part, Positive, Record, Transformation

ADAPTED = " over "  # in the layout of a LoRA, before its base's
SHARD = re.compile(r"-\d+-of-\d+\.safetensors$")


class TensorMap(Part, frozen=True, kw_only=True):
    """One tensor of the model: where its bytes lay in the checkpoint and what was done to them, in order.

    An empty `source` is a tensor of zeros that the architecture asks for and the checkpoint does not have.
    """

    name: str
    shape: list[Positive]
    source: str
    source_file: str = ""
    source_range: tuple[Count, Count] = (0, 0)
    source_dtype: str = ""
    transformation: list[Transformation]


class Hypothesis(Part, frozen=True, kw_only=True):
    """How the bytes of a checkpoint may have to be read; see the names' meaning at their types."""

    order: Order
    pairing: Pairing
    head: HeadLayout


class Trial(Part, frozen=True, kw_only=True):
    """A hypothesis tried in memory: nats a token on plain text and where only position helps.

    `golden_difference` is the largest absolute difference from the golden logits, where there are any.
    """

    hypothesis: Hypothesis
    text_nats: float
    position_nats: float
    golden_difference: float | None = None


class LayoutChoice(Part, frozen=True, kw_only=True):
    """The hypothesis a conversion followed, what decided it, and every hypothesis tried, best first.

    `prior` is what labels and metadata claim, by axis; it decides nothing. `assumed` names the axes that were
    given by hand; `format` is a format whose definition settled what the scores left open. `maskless_text_nats` is
    the text's score without causal mask: far better means a model that was trained to look ahead. Scores are those of
    logits times `logit_scale`, which is 1 unless the model is far too sure of itself.
    """

    hypothesis: Hypothesis
    decided_by: Literal["golden", "perplexity", "format", "assumed"]
    evidence: str
    assumed: list[str] = msgspec.field(default_factory=list)
    prior: dict[str, str] = msgspec.field(default_factory=dict)
    trials: list[Trial] = msgspec.field(default_factory=list)
    chance_nats: float = 0.0
    maskless_text_nats: float | None = None
    logit_scale: float = 1.0


class Model(Record, frozen=True, kw_only=True, tag="model"):
    """model.json: what the model directory holds and how it came out of the checkpoint.

    `parity` holds numbers that compare the checkpoint, read so, with the finished directory.
    """

    layout: str
    checkpoint: list[FileDigest]
    base: list[FileDigest] = msgspec.field(default_factory=list)
    files: list[FileDigest]
    dtype: str
    parameters: Positive
    vocab_size: Positive
    max_length: Positive
    verdict: LayoutChoice
    checks: list[Check]
    parity: dict[str, float] = msgspec.field(default_factory=dict)
    tensors: list[TensorMap]
    versions: dict[str, str]

    @property
    def sha256(self) -> str:
        """Digest of the model directory: its files' names and digests."""
        return digest_of_files(self.files)

    def departures(self, stated: Conversion) -> dict[str, str]:
        """In what this model was converted otherwise than a plan states: where the record says so, and in words."""
        found = {}
        assumed = {axis: str(getattr(self.verdict.hypothesis, axis, "")) for axis in self.verdict.assumed}
        if assumed != stated.axes:
            found["$.verdict.assumed"] = f"{_axes(assumed)} instead of {_axes(stated.axes)} assumed"
        if bool(self.base) != bool(stated.base):
            found["$.base"] = "a base" if self.base else "no base"
        elif ADAPTED in self.layout and stated.base_sha256 not in self._base_digests():
            found["$.base"] = f"another base than {stated.base_sha256[:12]}…"
        return found

    def _base_digests(self) -> set[str]:
        """What the base's weights may be named by: the digest of a file, or of all shards with their names."""
        named = [[Path(file.path).name, file.sha256] for file in self.base if file.path.endswith(".safetensors")]
        numbered = [[name, sha256] for name, sha256 in named if SHARD.search(name)]
        return {*(file.sha256 for file in self.base), sha256_json(named), sha256_json(numbered)}


def _axes(axes: dict[str, str]) -> str:
    return ",".join(f"{axis}={value}" for axis, value in sorted(axes.items())) or "nothing"
