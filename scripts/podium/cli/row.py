"""Where the board's row will link to: whether the Hub has the model under the name that is submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.hub import DEFAULT_HUB
from podium.plan import TRYOUT_TAG
from podium.tokens import address_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podium.records import Plan

# The board lists models of the Hub by this name; other profiles have no row there.
LISTED = "bigcode"
TIMEOUT_SECONDS = 20.0
MENDED = 'write model = "{}" below [publish] to upload it'


def told_of_row(plan: Plan, uploads_to: str, environment: Mapping[str, str]) -> str:
    """What the row of a release would lack, in words; nothing where it leads to a model that everybody can see."""
    name = plan.release.model.hub_id
    if plan.profile != LISTED or plan.release.tag == TRYOUT_TAG or plan.partial:
        return ""
    if uploads_to:
        return "" if uploads_to == name else f"the model goes to {uploads_to}, and the board's row will link to {name}"
    found = _status(f"{address_of(environment, 'HF_ENDPOINT', DEFAULT_HUB)}/api/models/{name}")
    if found is None:
        return f"not checked: the Hub did not say whether it has {name}, which the board's row will link to"
    if found in (401, 403, 404):
        return f"the board's row will link to {name}, which nobody can see on the Hub: {MENDED.format(name)}"
    return ""


def _status(url: str) -> int | None:
    """How the Hub answers a stranger; None where it does not."""
    from httpx2 import HTTPError, get

    try:
        return get(url, timeout=TIMEOUT_SECONDS).status_code
    except HTTPError:
        return None
