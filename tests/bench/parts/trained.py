"""A small model that is trained here, on the standard library's functions, and stops where it has learned to stop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import torch
from tests.bench.parts.engines import Harness, RecordingNative, Untouched, now
from tests.bench.parts.workload import SAMPLES, STOP, library_text, write_tokenizer

from podium.records import Sampling
from podium.tasks import Problem, Task

if TYPE_CHECKING:
    from pathlib import Path

WINDOW, BATCH, CROP, VOCABULARY = 256, 16, 128, 1024


class Course(msgspec.Struct, frozen=True):
    """How long to train, and how many of the functions that were not trained on are asked for."""

    steps: int
    problems: int


FULL, QUICK = Course(300, 4), Course(60, 2)


def _functions() -> tuple[list[str], list[str]]:
    """Top-level functions of the standard library: those to train on, those to ask for."""
    found = re.findall(r"(?m)^def .*\n(?:(?:[ \t].*)?\n)+", library_text())
    short = [function.rstrip() + "\n\n\n" for function in found if len(function) < 1500]
    return [one for place, one in enumerate(short) if place % 40], short[::40]


def train(folder: Path, course: Course) -> Task:
    """Write a model directory; returns the first two lines of held-out functions as a task."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    write_tokenizer(folder, VOCABULARY)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    known, asked = _functions()
    ids = torch.tensor(tokenizer("".join(known))["input_ids"])
    shape = {"vocab_size": VOCABULARY, "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": WINDOW}
    torch.manual_seed(0)
    model: Any = LlamaForCausalLM(LlamaConfig(**shape, **heads, tie_word_embeddings=True, eos_token_id=0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=course.steps)
    for _ in range(course.steps):
        begins = torch.randint(len(ids) - CROP, (BATCH,))
        batch = torch.stack([ids[begin : begin + CROP] for begin in begins.tolist()])
        optimizer.zero_grad()
        model(batch, labels=batch).loss.backward()
        optimizer.step()
        schedule.step()
    model.save_pretrained(folder)
    prompts = ["\n".join(function.split("\n")[:2]).strip() for function in asked[: course.problems]]
    problems = [Problem(id=f"trained/{place}", prompt=prompt, tests="") for place, prompt in enumerate(prompts)]
    return Task(
        name="trained",
        language="py",
        problems=problems,
        stop=STOP,
        data_sha256="0" * 64,
        problems_in_task=len(problems),
    )


def measure(folder: Path, course: Course) -> dict[str, float]:
    """Both engines draw 50 samples of each problem at temperature 0.2; each until its own rows have stopped."""
    task, sampling = train(folder, course), Sampling(n_samples=SAMPLES, max_length=WINDOW)
    figures, harness = RecordingNative(folder, "float32").measure(task, sampling), Harness(folder, "float32")
    begun = now()
    for problem in task.problems:
        ids = harness.tokenizer(problem.prompt)["input_ids"]
        harness.generate(ids, Untouched(None, len(ids)), WINDOW)
    seconds = now() - begun
    return {
        "rate": figures.useful / figures.seconds,
        "ratio": seconds / figures.seconds,
        "wasted": figures.wasted,
        "saved": figures.saved,
        "mean_tokens": figures.useful / (SAMPLES * len(task.problems)),
    }
