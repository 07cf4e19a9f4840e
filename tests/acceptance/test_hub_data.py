"""Task data from the Hub: the real client asks for the pinned revision and reads the parquet it gets."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.parquet
import pytest

from podium.tasks.table import HUMANEVAL_HUB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.command import Podium

pytestmark = pytest.mark.world
ROWS = [
    {
        "task_id": f"HumanEval/{i}",
        "prompt": f"\ndef f{i}():\n",
        "canonical_solution": "    return 1\n",
        "entry_point": f"f{i}",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
    }
    for i in range(164)
]


class Hub:
    """Serves one file of one data set at one revision, as the Hub's resolve route does."""

    def __init__(self, content: bytes) -> None:
        repository, self.revision, name = HUMANEVAL_HUB
        self.path = f"/datasets/{repository}/resolve/{self.revision}/{name}"
        self.content, self.asked = content, list[str]()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.asked.append(self.path)
                found = self.path == hub.path
                self.send_response(200 if found else 404)
                self.send_header("ETag", f'"{hashlib.sha256(hub.content).hexdigest()}"')
                self.send_header("X-Repo-Commit", hub.revision)
                self.send_header("Content-Length", str(len(hub.content) if found else 0))
                self.end_headers()
                if found and self.command == "GET":
                    self.wfile.write(hub.content)

            do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def hub() -> Iterator[Hub]:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), stream)
    serving = Hub(stream.getvalue())
    thread = threading.Thread(target=serving.server.serve_forever)
    thread.start()
    yield serving
    serving.server.shutdown()
    serving.server.server_close()
    thread.join()


def _plan(podium: Podium, *options: str | Path, **environment: str) -> dict[str, object]:
    podium.write_config()
    said = podium("plan", "--tag", "v1", "--tasks", "humaneval", *options, **environment)
    assert said.code == 0, said.err
    tasks: list[dict[str, object]] = json.loads((podium.folder / "plan.json").read_text())["tasks"]
    return tasks[0]


def test_the_pinned_revision_is_asked_for_and_gives_the_digest_of_the_same_rows_in_a_folder(
    podium: Podium, hub: Hub
) -> None:
    from_hub = _plan(podium, HF_ENDPOINT=hub.url)
    assert {path for path in hub.asked if path.startswith("/datasets/")} == {hub.path}
    path = podium.folder / "data" / "humaneval" / "HumanEval.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in ROWS).encode()))
    assert _plan(podium, "--data-dir", "data") == from_hub


def test_a_damaged_download_is_a_data_error(podium: Podium, hub: Hub) -> None:
    hub.content = hub.content[:-100]
    podium.write_config()
    said = podium("plan", "--tag", "v1", "--tasks", "humaneval", HF_ENDPOINT=hub.url)
    assert said.code == 5, said.err
    assert "openai/openai_humaneval" in said.err
