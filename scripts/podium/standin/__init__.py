"""A stateful stand-in for the GitHub REST API and the Hugging Face Hub API, over real git repositories.

It binds to 127.0.0.1 only and needs nothing but the standard library and the `git` program. See `server.py`.
"""

from __future__ import annotations
