"""What the generation benchmark runs: a random model of the wanted shape, and scripted rows of known lengths.

Every row follows a script of real library code that ends in a stop word. Logits are computed in full; then the
scripted token is raised, so all engines draw the same tokens, and sampling costs what a peaked distribution costs.
"""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from safetensors.torch import save_file

from podium.tasks import Problem, Task

STOP = ["\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", "<file_sep>"]
EOS = "<|endoftext|>"
WINDOW = 512
SAMPLES = 50
SPREAD_MEDIAN = 86.0


class Size(msgspec.Struct, frozen=True):
    """A LLaMA shape and a number of problems."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int
    problems: int


FULL = Size(24, 1024, 16, 4, 4096, 32768, 6)
QUICK = Size(2, 256, 4, 2, 1024, 4096, 2)


def library_text() -> str:
    """Some two megabytes of the standard library's Python."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    return "\n".join(path.read_text(errors="ignore") for path in files)[: 2 << 20]


def write_tokenizer(folder: Path, vocabulary: int) -> None:
    """A byte-level tokenizer trained on the library."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    folder.mkdir(parents=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[EOS], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(library_text().split("\n\n"), trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    fast = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": EOS, "clean_up_tokenization_spaces": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(fast))


def write_model(folder: Path, size: Size) -> None:
    """A model directory with random weights in bfloat16 and a tokenizer."""
    write_tokenizer(folder, size.vocabulary)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_hidden_layers": size.layers,
        "hidden_size": size.hidden,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "intermediate_size": size.feed_forward,
        "vocab_size": size.vocabulary,
        "max_position_embeddings": WINDOW,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        "eos_token_id": 0,
        "dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config))
    save_file(_tensors(size), folder / "model.safetensors", metadata={"format": "pt"})


def _tensors(size: Size) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return (torch.randn(*shape, generator=generator) * 0.02).bfloat16()

    keys = size.hidden // size.heads * size.kv_heads
    tensors = {
        "model.embed_tokens.weight": draw(size.vocabulary, size.hidden),
        "model.norm.weight": torch.ones(size.hidden).bfloat16(),
    }
    for number in range(size.layers):
        prefix = f"model.layers.{number}"
        for name, rows in (("q", size.hidden), ("k", keys), ("v", keys), ("o", size.hidden)):
            tensors[f"{prefix}.self_attn.{name}_proj.weight"] = draw(rows, size.hidden)
        for name in ("gate", "up"):
            tensors[f"{prefix}.mlp.{name}_proj.weight"] = draw(size.feed_forward, size.hidden)
        tensors[f"{prefix}.mlp.down_proj.weight"] = draw(size.hidden, size.feed_forward)
        for name in ("input", "post_attention"):
            tensors[f"{prefix}.{name}_layernorm.weight"] = torch.ones(size.hidden).bfloat16()
    return tensors


class Script(msgspec.Struct, frozen=True):
    """A task, and for each problem the tokens that each of its samples will draw."""

    task: Task
    prompt_tokens: list[int]
    rows: list[list[list[int]]]

    def part(self, numbers: list[int]) -> Script:
        """The same for some of the problems."""
        task = msgspec.structs.replace(self.task, problems=[self.task.problems[number] for number in numbers])
        return Script(task, [self.prompt_tokens[n] for n in numbers], [self.rows[n] for n in numbers])

    @property
    def useful(self) -> int:
        """Tokens that belong to a sample, up to and with the one that completes the stop word."""
        return sum(len(row) for rows in self.rows for row in rows)

    @property
    def steps(self) -> list[int]:
        """The longest row of each problem: how many steps the harness makes."""
        return [max(map(len, rows)) for rows in self.rows]


def write_script(tokenizer: Any, kind: str, problems: int, median: float = SPREAD_MEDIAN) -> Script:
    """Scripted rows. "tight": rows of a problem similar; "spread": independent, 3 in 100 run to the window's end.

    `median` is how many new tokens a spread row has.
    """
    writer = _Writer(tokenizer, kind, median)
    chosen, rows = [], []
    for number in range(problems):
        begin = int(writer.generator.integers(0, len(writer.ids) - 1000))
        prompt_ids = writer.ids[begin : begin + int(writer.generator.integers(60, 140))]
        chosen.append(Problem(id=f"bench/{number}", prompt=tokenizer.decode(prompt_ids).strip(), tests=""))
        rows.append(writer.rows(chosen[-1]))
    task = Task(
        name=f"bench-{kind}",
        language="py",
        problems=chosen,
        stop=STOP,
        data_sha256="0" * 64,
        problems_in_task=problems,
    )
    return Script(task, [_tokens(tokenizer, problem) for problem in chosen], rows)


def script_task(tokenizer: Any, task: Task, median: float) -> Script:
    """The "spread" rows for another task's prompts; `median` new tokens a row."""
    writer = _Writer(tokenizer, "spread", median)
    tokens = [_tokens(tokenizer, problem) for problem in task.problems]
    return Script(task, tokens, [writer.rows(problem) for problem in task.problems])


def _tokens(tokenizer: Any, problem: Problem) -> int:
    return len(tokenizer(problem.prompt)["input_ids"])


class _Writer:
    """Draws rows of one kind out of the library's indented lines."""

    def __init__(self, tokenizer: Any, kind: str, median: float) -> None:
        self._tokenizer, self._kind, self._median = tokenizer, kind, median
        self.generator = np.random.default_rng({"tight": 1, "spread": 2}[kind])
        body = "\n".join(line for line in library_text().split("\n") if line.startswith("    "))
        self.ids: list[int] = tokenizer(body[: 1 << 20])["input_ids"]
        self._ending: list[int] = tokenizer("\ndef f", add_special_tokens=False)["input_ids"]

    def rows(self, problem: Problem) -> list[list[int]]:
        """New tokens of every sample of a problem."""
        room = WINDOW - _tokens(self._tokenizer, problem)
        lengths = _lengths(self.generator, self._kind, room, self._median)
        return [_row(self._tokenizer, self.generator, self.ids, self._ending, length, room) for length in lengths]


def _lengths(generator: np.random.Generator, kind: str, room: int, median: float) -> list[int]:
    """New tokens of each sample; log-normal as on the reference machine (useful mean 116, and 121 by default)."""
    if kind == "tight":
        centre = 96 * np.exp(0.4 * generator.standard_normal())
        drawn = centre * np.exp(0.315 * generator.standard_normal(SAMPLES))
    else:
        drawn = median * np.exp(0.7 * generator.standard_normal(SAMPLES))
        drawn[generator.random(SAMPLES) < 0.03] = room
    return [int(value) for value in np.clip(drawn, 8, room)]


def _row(
    tokenizer: Any, generator: np.random.Generator, ids: list[int], ending: list[int], length: int, room: int
) -> list[int]:
    """`length` tokens that end in a stop word, or fill the window without one."""
    begin = int(generator.integers(0, len(ids) - WINDOW))
    row = ids[begin : begin + length] if length >= room else [*ids[begin : begin + length - len(ending)], *ending]
    if not any(word in tokenizer.decode(row[:-1]) for word in STOP):
        return row
    for end in range(1, len(row) + 1):
        if any(word in tokenizer.decode(row[max(0, end - 8) : end]) for word in STOP):
            return row[:end]
    return row
