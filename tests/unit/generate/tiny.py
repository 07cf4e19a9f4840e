"""A tiny random model with a byte-level tokenizer, and the naive sampler that all engines must equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from podium.generate.postprocess import to_generation
from podium.generate.sampling import choose
from podium.generate.streams import uniforms
from podium.records import Finish, Sample, Sampling
from podium.tasks import Problem, Task

EOS = "<|endoftext|>"
STOP = ["\nd", "\n\n", "zq", "<file_sep>"]
MAX_LENGTH = 32


def write_tokenizer(folder: Path) -> int:
    """A byte-level tokenizer: 256 bytes, some merges that cross stop words, an eos; returns its size."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ċ", "d"), ("Ċ", "Ċ"), ("e", "z"), ("ez", "q"), ("a", "b"), ("Ã", "©"), ("ab", "Ċ")]
    tokens = [EOS, *alphabet, *(first + second for first, second in merges)]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([EOS])
    tokenizer.save(str(folder / "tokenizer.json"))
    fast = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": EOS, "clean_up_tokenization_spaces": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(fast))
    return len(tokens)


def write_tiny(folder: Path, family: str = "llama", dtype: str = "float32", **more: Any) -> Path:
    """A model directory of two layers; weights large enough that its distributions are peaked and varied."""
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = write_tokenizer(folder)
    shape = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "bos_token_id": None,
        "eos_token_id": 0,
        "initializer_range": 0.5,
        **more,
    }
    torch.manual_seed(7)
    model: Any = LlamaForCausalLM(LlamaConfig(**shape)) if family == "llama" else Qwen2ForCausalLM(Qwen2Config(**shape))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias"):
                weight.normal_(std=0.5)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    return folder


def tiny_task(count: int = 6) -> Task:
    """Problems with prompts of several lengths."""
    texts = ["a", "def f(x):", "abé", "class A:\n    b", "x" * 11, "q z", "if é:", "12 + 3"]
    problems = [Problem(id=f"tiny/{number}", prompt=texts[number], tests="") for number in range(count)]
    return Task(name="tiny", language="py", problems=problems, stop=STOP, data_sha256="0" * 64, problems_in_task=count)


def naive(model_dir: Path, task: Task, sampling: Sampling) -> dict[tuple[str, int], Sample]:
    """Every sample alone, one row, no cache, every step from scratch by transformers; full sort, whole decode."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(model_dir)
    model: Any = AutoModelForCausalLM.from_pretrained(model_dir).eval()
    stop = [*task.stop, tokenizer.eos_token]
    samples = {}
    for problem in task.problems:
        prompt = tokenizer(problem.prompt)["input_ids"]
        for index in range(sampling.n_samples):
            stream = uniforms(sampling.seed, task.name, problem.id, index, sampling.max_length)
            row: list[int] = []
            text = ""
            while len(prompt) + len(row) < sampling.max_length and not any(word in text for word in stop):
                with torch.inference_mode():
                    scores = model(torch.tensor([prompt + row])).logits[:, -1].float()
                row.append(int(choose(scores, torch.tensor([stream[len(row)]]), sampling)[0]))
                text = tokenizer.decode(row)
            found = [place for word in stop if (place := text.find(word)) >= 0]
            finish: Finish = "length" if not found else "eos" if text.startswith(EOS, min(found)) else "stop"
            generation = to_generation(problem.prompt, tokenizer.decode(prompt + row), stop)
            samples[problem.id, index] = Sample(
                problem=problem.id, index=index, generation=generation, tokens=len(row), finish=finish
            )
    return samples
