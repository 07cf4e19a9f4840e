"""The client of GitHub's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.tokens import address_of, is_on_this_machine, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from github import Github


FORK_TOKENS = ("PODIUM_FORK_TOKEN", "GITHUB_TOKEN")
DEFAULT_API = "https://api.github.com"
TIMEOUT_SECONDS = 60
ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 120
# GitHub asks for a second between writes; a stand-in on this machine does not.
SECONDS_BETWEEN_WRITES = 1.0


def build_reader(environment: Mapping[str, str]) -> Github:
    """A client that only reads what is public: with a token if there is one. Raises ConfigError, TokenError."""
    has_token = any(environment.get(name, "").strip() for name in FORK_TOKENS)
    return _client(environment, token_of(environment, FORK_TOKENS, "GitHub") if has_token else "")


def build_github(environment: Mapping[str, str]) -> Github:
    """A PyGithub client for the fork. Raises TokenError, ConfigError."""
    return _client(environment, token_of(environment, FORK_TOKENS, "the leaderboard fork on GitHub"))


def _client(environment: Mapping[str, str], token: str) -> Github:
    """A client.

    Only reads are repeated: PyGithub repeats POST after a lost answer by default, which can open things twice.
    """
    from github import Auth, Github, GithubRetry

    address = address_of(environment, "GITHUB_API_URL", DEFAULT_API)
    is_near = is_on_this_machine(address)
    retry = GithubRetry(
        total=ATTEMPTS,
        backoff_factor=0.1 if is_near else 1.0,
        allowed_methods={"GET", "HEAD"},
        max_rate_limit_wait=LONGEST_WAIT_SECONDS,
        secondary_rate_wait=LONGEST_WAIT_SECONDS / 2,
        retry_after_max=LONGEST_WAIT_SECONDS,
    )
    return Github(
        auth=Auth.Token(token) if token else None,
        base_url=address,
        timeout=TIMEOUT_SECONDS,
        per_page=100,
        retry=retry,
        seconds_between_requests=0.0,
        seconds_between_writes=0.0 if is_near else SECONDS_BETWEEN_WRITES,
    )
