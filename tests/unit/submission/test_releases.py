"""Order of tags, and the line that carries one."""

from __future__ import annotations

import pytest

from podium.errors import OlderReleaseError
from podium.submission.marks import release_marker, released_tag
from podium.submission.releases import is_older, refuse_older


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("v1", "v2"),
        ("v1.9", "v1.10"),
        ("v1.0-rc.1", "v1.0"),
        ("model/v1.2", "model/v1.3"),
        ("step-900", "step-1000"),
        # Semantic versions: a number behind the dash makes a pre-release.
        ("v1.0.0-1", "v1.0.0"),
        ("v1.0.0-0", "v1.0.0-1"),
        ("v1.0.0-20240105", "v1.0.0"),
        ("v1.0.0-SNAPSHOT", "v1.0.0"),
        ("v1.0.0-alpha.1", "v1.0.0-dev.1"),
        ("v1.0.0-1", "v1.0.0-alpha"),
        ("v1.0.0-alpha", "v1.0.0-alpha.1"),
        ("v1.0.0-beta.2", "v1.0.0-beta.11"),
        ("v1.0.0-rc2", "v1.0.0-rc10"),
        ("v1.0.0-rc", "v1.0.0-rc1"),
        ("v1.0.0-rc.1+g9", "v1.0.0-rc.2+g1"),
        ("V1.0.0", "v1.0.1"),
        # Python's versions, where one of the two is no semantic version.
        ("v1.0.0", "v1.0.0.post1"),
        ("v1.0.0.dev1", "v1.0.0"),
        ("2024.01.05", "2024.1.6"),
        # The same words with other numbers, and folders that are numbers.
        ("2024-01-05", "2024-01-06"),
        ("2024-01", "2024-02"),
        ("model-v1+build", "model-v2+build"),
        ("release/2023/12", "release/2024/1"),
        ("release/2024/1", "release/2024/12"),
        ("v0.9", "v1.0.0-nightly"),
    ],
)
def test_older_release_is_older_and_not_the_other_way_round(older: str, newer: str) -> None:
    assert is_older(older, newer) is True
    assert is_older(newer, older) is False


@pytest.mark.parametrize(
    ("tag", "other"),
    [
        ("v1.0.0+g5114f85", "v1.0.0+g9999"),
        ("v1.0.0", "v1.0.0+build"),
        ("model-v1+b5", "model-v1+b9"),
        ("model/v1.2", "v1.3"),
        ("small/v1.0", "large/v1.1"),
        ("model-7b/v1", "model-13b/v2"),
        ("v1.0-1", "v1.0"),
        ("v1.0.0-1", "v1.0.0.post1"),
        ("v1.0.0-RC2", "v1.0.0-rc1"),
        ("7b-v1", "13b-v2-final"),
        ("final", "v1"),
        ("v1-final", "v1-really"),
        ("release/2023/x", "release/2024/y"),
    ],
)
def test_what_is_not_clear_has_no_order(tag: str, other: str) -> None:
    assert is_older(tag, other) is None
    assert is_older(other, tag) is None


@pytest.mark.parametrize("tag", ["v1.0.0", "v1.0.0+g1", "x", "a/b", "v1.0-1"])
def test_a_tag_is_not_older_than_itself(tag: str) -> None:
    assert is_older(tag, tag) is False


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
