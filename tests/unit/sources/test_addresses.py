"""An address of a checkpoint tells which source it is for, or is refused with the forms there are."""

from __future__ import annotations

import pytest

from podium.errors import UsageError
from podium.sources import kind_of


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("checkpoints/v1", "path"),
        ("./a:b", "path"),
        ("/data/ckpt", "folder"),
        ("release:*", "release"),
        ("hf://a/b@main", "hf"),
        ("https://host/x#sha256=1", "https"),
    ],
)
def test_an_address_tells_its_source(address: str, kind: str) -> None:
    assert kind_of(address) == kind


@pytest.mark.parametrize("address", ["s3://bucket/x", "hf:a/b", "relase:*", "gs://x", "ftp://x/y", " "])
def test_an_address_of_no_known_kind_names_the_known_ones(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        kind_of(address)
    assert "release:PATTERN" in refused.value.hint
