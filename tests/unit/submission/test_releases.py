"""Order of tags, and the line that carries one."""

from __future__ import annotations

import pytest

from podium.errors import OlderReleaseError
from podium.submission.marks import release_marker, released_tag
from podium.submission.releases import is_older, refuse_older


@pytest.mark.parametrize(
    ("older", "newer"),
    [("v1", "v2"), ("v1.9", "v1.10"), ("v1.0-rc.1", "v1.0"), ("model/v1.2", "v1.3"), ("step-900", "step-1000")],
)
def test_older_release_is_older_and_not_the_other_way_round(older: str, newer: str) -> None:
    assert is_older(older, newer) is True
    assert is_older(newer, older) is False


def test_equal_versions_written_differently_are_not_older() -> None:
    assert is_older("v1.0", "1.0.0") is False


def test_tags_without_order_are_refused_until_forced() -> None:
    assert is_older("final", "v1") is None
    with pytest.raises(OlderReleaseError) as caught:
        refuse_older("final", ["v1"], "the fork", force=False)
    assert "--force" in caught.value.hint
    refuse_older("final", ["v1"], "the fork", force=True)


@pytest.mark.parametrize("tag", ["v1", "model/v1.0+gpu", "a-->b", "é", "% x"])
def test_any_tag_survives_the_marker(tag: str) -> None:
    assert released_tag(f"Text\r\n{release_marker(tag)}\r\n") == tag
    assert release_marker(tag).count("-->") == 1
