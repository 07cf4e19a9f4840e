"""Names that every layout knows: Hugging Face's for embedding and head, and what is no part of a model."""

from __future__ import annotations

import re

HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"
# What training keeps beside the weights, and rotary tables that old exports carry: no part of the model.
TRAINING_STATE = re.compile(r"^__training__\.|\.rotary_emb\.inv_freq$")
