"""A Hugging Face model directory, opened as any stranger would: stock transformers, silent, nothing trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from podium.errors import PodiumError


def open_tokenizer(folder: Path, failure: type[PodiumError], *, hint: str) -> Any:
    """Load the tokenizer alone. Raises `failure` in one sentence when it does not load."""
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    try:
        return AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, RuntimeError, KeyError) as err:
        message = f"transformers cannot load the tokenizer of {folder}: {str(err).splitlines()[0]}"
        raise failure(message, hint=hint) from err


def open_model(
    folder: Path, dtype: str, failure: type[PodiumError], *, hint: str
) -> tuple[Any, Any, dict[str, list[str]]]:
    """Load tokenizer and model; returns them with every tensor name that did not fit, by kind of misfit.

    `dtype` is auto, float32, bfloat16 or float16. Raises `failure` in one sentence when either does not load.
    """
    try:
        import torch  # noqa: F401  transformers imports without it and fails later, in many words
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging
    except ModuleNotFoundError as err:
        message = f"opening {folder} needs the package {err.name}"
        raise failure(message, hint="pip install 'podium-leaderboard[model]'") from err
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        loaded: Any = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, dtype=dtype)
    except (OSError, ValueError, RuntimeError, KeyError) as err:
        message = f"transformers cannot load {folder}: {str(err).splitlines()[0]}"
        raise failure(message, hint=hint) from err
    model, info = loaded
    misfits = {kind: sorted(map(str, info[kind])) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    return tokenizer, model.eval(), {kind: names for kind, names in misfits.items() if names}


def without_bos(tokenizer: Any, ids: Sequence[int]) -> str:
    """Token ids as the harness decodes them: nothing cleaned, special tokens kept, one leading bos dropped."""
    bos = tokenizer.bos_token_id
    kept = ids[1:] if ids and bos is not None and ids[0] == bos else ids
    return str(tokenizer.decode(list(kept), skip_special_tokens=False, clean_up_tokenization_spaces=False))
