"""Tokens and addresses from the environment that `cli/` hands in.

A token goes straight into its client: never into a record, a message or a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from podium.errors import ConfigError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def token_of(environment: Mapping[str, str], names: tuple[str, ...], purpose: str) -> str:
    """The first token that is set. Raises TokenError naming the variables; an empty one counts as unset."""
    for name in names:
        token = environment.get(name, "").strip()
        if not token:
            continue
        if not token.isascii() or not token.isprintable() or " " in token:
            message = f"{name} holds something that cannot be a token"
            raise TokenError(message, hint=f"store the token alone in {name}, without quotes or line breaks")
        return token
    message = f"there is no token for {purpose}"
    hint = f"set {names[0]}" + (f" (or {' or '.join(names[1:])})" if names[1:] else "")
    raise TokenError(message, hint=f"{hint} in the environment of this step; never as an argument")


def address_of(environment: Mapping[str, str], name: str, default: str) -> str:
    """The address in variable `name`. Raises ConfigError unless it is https, or http on this machine."""
    address = (environment.get(name, "").strip() or default).rstrip("/")
    parts = urlsplit(address)
    if parts.username or not parts.hostname or not _is_confidential(parts.scheme, parts.hostname):
        message = f"{name} is not an address that a token may be sent to"
        raise ConfigError(message, hint=f"leave {name} unset for {default}; plain http only on this machine")
    return address


def is_on_this_machine(address: str) -> bool:
    """Whether an address is of the loopback interface."""
    return urlsplit(address).hostname in LOOPBACK


def _is_confidential(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and host in LOOPBACK)
