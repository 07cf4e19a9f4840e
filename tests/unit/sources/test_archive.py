"""Archives among a checkpoint's files: whole and inside their folder, or refused whole."""

from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.unit.sources.places import CHECKPOINT, REPOSITORY, TAG

from podium.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sources.places import Place

WEIGHTS, RELEASE = "model.safetensors", "release:*"


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "ckpt/../../outside", "..\\outside"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.world
def test_an_archive_that_leads_outside_is_refused_whole(name: str, kind: str, place: Place, tmp_path: Path) -> None:
    archive = tmp_path / f"evil.{kind}"
    if kind == "tar":
        with tarfile.open(archive, "w") as tar:
            tar.add(CHECKPOINT / "config.json", "config.json")
            info = tarfile.TarInfo(name)
            tar.addfile(info)
    else:
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("config.json", "{}")
            zipped.writestr(name, "evil")
    place.standin.release(REPOSITORY, TAG, {archive.name: archive})
    with pytest.raises(SourceError, match="cannot be unpacked") as refused:
        place.fetch(RELEASE)
    assert "make the archive anew" in refused.value.hint
    assert place.left() == []
    assert not list(place.folder.rglob("outside*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
@pytest.mark.world
def test_an_archive_with_links_or_devices_is_refused(kind: bytes, place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "links.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("config.json")
        info.type, info.linkname = kind, "tokenizer.json"
        tar.addfile(info)
    place.standin.release(REPOSITORY, TAG, {archive.name: archive})
    with pytest.raises(SourceError, match="a link or a device"):
        place.fetch(RELEASE)


@pytest.mark.world
def test_a_torn_archive_is_no_checkpoint(place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "torn.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(CHECKPOINT / WEIGHTS, WEIGHTS)
    archive.write_bytes(archive.read_bytes()[:-2000])
    place.standin.release(REPOSITORY, TAG, {archive.name: archive})
    with pytest.raises(SourceError, match="cannot be unpacked"):
        place.fetch(RELEASE)
    assert place.left() == []
