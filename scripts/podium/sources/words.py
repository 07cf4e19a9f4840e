"""What a refusal of a host is told with."""

from __future__ import annotations

import msgspec


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, and the remedy for each way to be refused."""

    what: str
    on_401: str
    on_403: str
    on_404: str
