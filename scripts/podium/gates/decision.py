"""How a gate's decision is put."""

from __future__ import annotations

from podium.records import Gate


def decision(name: str, *, no: str = "", at_risk: str = "", yes: str) -> Gate:
    """The first of the three that has evidence."""
    if no:
        return Gate(name=name, decision="no", evidence=no)
    return Gate(name=name, decision="at_risk" if at_risk else "yes", evidence=at_risk or yes)
