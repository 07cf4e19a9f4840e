"""One thread: tiny tensors on several threads of a loaded machine spend their time waiting for each other."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)
