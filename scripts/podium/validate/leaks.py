"""Texts that look like somebody's access token: what holds one is not handed on. Says which kind, never the text."""

from __future__ import annotations

import re

KINDS = {
    "a Hugging Face token": re.compile(r"\b(hf|api_org)_[A-Za-z0-9]{20,}"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "an API key": re.compile(r"\bsk-[A-Za-z0-9_-]{32,}|\bAIza[A-Za-z0-9_-]{35}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}


def secret_in(text: str) -> str:
    """What kind of secret a text holds, or an empty string."""
    return next((kind for kind, pattern in KINDS.items() if pattern.search(text)), "")
