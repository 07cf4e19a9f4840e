"""A checkout with the harness's command line, task table and files, and none of its code; it misbehaves on demand.

The real one runs in `test_harness_backend.py` where PODIUM_TEST_HARNESS names it. Here `behaviour.txt` in the checkout
says what goes wrong.
"""

from __future__ import annotations

import sysconfig
import venv
from typing import TYPE_CHECKING

from podium.generate.backends.harness_backend import PACKAGES

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """
import argparse, json, os, pathlib, signal, sys, time
from bigcode_eval import tasks

parser = argparse.ArgumentParser()
for name in ("model", "save_generations_path", "precision", "do_sample"):
    parser.add_argument(f"--{name}")
parser.add_argument("--tasks", choices=tasks.ALL_TASKS)
for name in ("n_samples", "batch_size", "max_length_generation", "seed"):
    parser.add_argument(f"--{name}", type=int)
for name in ("temperature", "top_p"):
    parser.add_argument(f"--{name}", type=float)
for name in ("generation_only", "save_generations"):
    parser.add_argument(f"--{name}", action="store_true")
args = parser.parse_args()
here = pathlib.Path(__file__).parent
behaviour = (here / "behaviour.txt").read_text()
told = {"args": vars(args), "cwd": os.getcwd(), "environment": dict(os.environ), "pid": os.getpid()}
(here / "told.json").write_text(json.dumps(told))
rows = tasks.get_task(args.tasks).dataset["test"]
print(f"  50%| 1/{len(rows)} [00:01<00:01]", file=sys.stderr)
if behaviour == "hang":
    time.sleep(600)
if behaviour == "fail":
    raise ValueError("the model has no such layer")
if behaviour == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if behaviour == "silent":
    sys.exit(0)
copies = -(-args.n_samples // args.batch_size) * args.batch_size
texts = [[f"{row['prompt'].strip()}\\n    {number}" for number in range(copies)] for row in rows]
if len(texts[0]) > args.n_samples:
    texts = [row[: args.n_samples] for row in texts]
if behaviour == "short":
    texts[-1] = texts[-1][:1]
if behaviour == "full":
    texts[0] = [rows[0]["prompt"].strip()] * (copies // args.batch_size)
if behaviour == "other":
    texts[0][0] = "something else"
path = f"{os.path.splitext(args.save_generations_path)[0]}_{args.tasks}.json"
pathlib.Path(path).write_text(json.dumps(texts)[: 40 if behaviour == "torn" else None])
"""
TASKS = """
from bigcode_eval.tasks import multiple

class HumanEval:
    def __init__(self):
        import datasets
        self.dataset = datasets.load_dataset("openai_humaneval")
        self.stop_words = [STOP_WORDS]

TASK_REGISTRY = {"humaneval": HumanEval, "multiple-sh": multiple.create_task("sh")}
ALL_TASKS = sorted(TASK_REGISTRY)

def get_task(name, args=None):
    return TASK_REGISTRY[name]()
"""
STOP_WORDS = r'"\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", "<file_sep>"'
MULTIPLE = """
def create_task(language):
    class Multiple:
        def __init__(self):
            import datasets
            self.dataset = datasets.load_dataset("nuprl/MultiPL-E", f"humaneval-{language}")
            self.stop_words = self.dataset["test"][0]["stop_tokens"] + ["<file_sep>"]
    return Multiple
"""
DATASETS = 'def load_dataset(*_, **__):\n    raise ConnectionError("the Hub is out of reach")\n'


def write_checkout(folder: Path, behaviour: str = "", *, stop_words: str = STOP_WORDS) -> Path:
    """A checkout; `behaviour` is one of hang, fail, kill, silent, short, full, other, torn, or nothing wrong."""
    package = folder / "bigcode_eval"
    (package / "tasks").mkdir(parents=True)
    files = {
        folder / "main.py": MAIN,
        folder / "behaviour.txt": behaviour,
        package / "__init__.py": "",
        package / "generation.py": "",
        package / "tasks" / "__init__.py": TASKS.replace("STOP_WORDS", stop_words),
        package / "tasks" / "multiple.py": MULTIPLE,
    }
    for path, text in files.items():
        path.write_text(text)
    return folder


def write_interpreter(folder: Path, *, lacking: str = "") -> str:
    """An environment of its own in which the packages that the harness needs are installed, but for one."""
    venv.create(folder, symlinks=True)
    site = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    for name in PACKAGES:
        if name != lacking:
            (site / f"{name}-1.0.dist-info").mkdir()
            (site / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
    (site / "datasets.py").write_text(DATASETS)
    return str(folder / "bin" / "python")
