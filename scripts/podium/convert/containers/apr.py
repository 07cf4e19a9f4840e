"""The APR v2 container of the trainer, read with suspicion: checksums, bounds, order, sizes, strict metadata.

64 bytes of header, JSON metadata, an index sorted by name, the data (every tensor on a multiple of 64), a CRC-32.
Limits that the trainer's own library states (16 MiB of metadata) bound what is read into memory; the data are only
streamed through the checksum. The optimizer's state (names beginning `__training__.`) stays in the container.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from podium.convert.containers.storage import PLAIN
from podium.convert.containers.stored import Container, Stored
from podium.convert.containers.unsupported import refuse_unsupported
from podium.convert.containers.weightfile import MAX_TENSORS, WeightFile, open_weights
from podium.errors import RecordError
from podium.files import CHUNK_BYTES, canonical_json, parse_json

if TYPE_CHECKING:
    from pathlib import Path

MAGICS = (b"APR\0", b"APR2")
OLD_MAGIC = b"APR1"
VERSION = (2, 0)
HEADER_BYTES = 64
FOOTER_BYTES = 4
ALIGNMENT = 64
MAX_METADATA_BYTES = 16 << 20
MAX_INDEX_BYTES = 16 << 20
# name length, kind, rank, offset, size: what an entry takes without its name and dimensions.
MIN_ENTRY_BYTES = 2 + 1 + 1 + 8 + 8
HEADER = struct.Struct("<4sBBHIQIQQI20s")

# 8 and 9 are the numbers that the native kinds had before 128 and 129, 2 the one that BF16 had before 30; where newer
# files mean a ggml kind by them, the size of the tensor does not fit and the file is refused.
DTYPES = {
    0: "F32",
    1: "F16",
    2: "BF16",
    3: "F64",
    4: "I32",
    5: "I64",
    6: "I8",
    7: "U8",
    8: "APR_Q4",
    9: "APR_Q8",
    12: "Q4_K",
    13: "Q5_K",
    14: "Q6_K",
    30: "BF16",
    128: "APR_Q4",
    129: "APR_Q8",
}

KNOWN_FLAGS = 0x0FFF
REFUSED_FLAGS = {
    0x001: ("LZ4", "save the checkpoint again without compression"),
    0x002: ("ZSTD", "save the checkpoint again without compression"),
    0x004: ("ENCRYPTED", "decrypt the checkpoint where its key is, and convert the plain file"),
    0x010: ("SHARDED", "join the shards into one .apr file, or export them as SafeTensors with their index"),
    0x100: ("STREAMING", "save the checkpoint again as one complete file"),
    0x800: ("LAYOUT_COLUMN_MAJOR", "APR v2 forbids this flag: save the checkpoint again with a current version"),
}


class Header(msgspec.Struct, frozen=True):
    """The numbers of the first 64 bytes, checked: the sections lie in this order and inside the file."""

    tensors: int
    metadata_begin: int
    metadata_bytes: int
    index_begin: int
    data_begin: int


def read_apr(path: Path) -> Container:
    """Read and check everything but the values. Raises CheckpointError naming file, tensor and offset."""
    with open_weights(path, "APR v2") as file:
        header = _header(file)
        metadata = _metadata(file, header)
        tensors = _index(file, header)
        for tensor in tensors:
            file.fits(tensor)
        file.apart(tensors, header.data_begin, file.size - FOOTER_BYTES)
        _check_footer(file)
    return Container(kind="apr", paths=(path,), metadata=metadata, tensors={tensor.name: tensor for tensor in tensors})


def _header(file: WeightFile) -> Header:
    if file.size < HEADER_BYTES + FOOTER_BYTES:
        refuse_unsupported(file)
        file.refuse(f"{file.size} bytes are too short for its header of {HEADER_BYTES} bytes and its checksum")
    data = file.read(0, HEADER_BYTES, "the header")
    magic, major, minor, flags, tensors, metadata, metadata_bytes, index, begin, checksum, _ = HEADER.unpack(data)
    if magic == OLD_MAGIC:
        file.refuse("APR1 at byte 0: the older format without an index", "save the checkpoint again as APR v2")
    if magic not in MAGICS:
        refuse_unsupported(file)
        file.refuse(f"it begins with {magic!r}, not with {MAGICS[0]!r}")
    if (major, minor) != VERSION:
        hint = "save the checkpoint again as APR 2.0, or export it as SafeTensors"
        file.refuse(f"version {major}.{minor} at byte 4 is unknown", hint)
    if zlib.crc32(data[44:], zlib.crc32(data[:40])) != checksum:
        file.refuse("the checksum of the header at byte 40 does not match its bytes")
    _check_flags(file, flags)
    header = Header(tensors, metadata, metadata_bytes, index, begin)
    _check_sections(file, header)
    return header


def _check_flags(file: WeightFile, flags: int) -> None:
    for flag, (name, hint) in REFUSED_FLAGS.items():
        if flags & flag:
            file.refuse(f"the flag {name} (0x{flag:x}) is set at byte 6, and such files are not read", hint)
    if unknown := flags & ~KNOWN_FLAGS:
        file.refuse(f"the flags 0x{unknown:x} at byte 6 are unknown", "save the checkpoint again as APR 2.0")


def _check_sections(file: WeightFile, header: Header) -> None:
    sections = (
        ("the metadata", 12, header.metadata_begin, header.metadata_bytes, header.index_begin, MAX_METADATA_BYTES),
        ("the index", 24, header.index_begin, 0, header.data_begin, file.size),
        ("the data", 32, header.data_begin, 0, file.size - FOOTER_BYTES, file.size),
    )
    before = HEADER_BYTES
    for what, field, begin, size, end, most in sections:
        if size > most:
            file.refuse(f"{what} at byte {begin} are {size} bytes long; the format allows {most}")
        if not before <= begin <= begin + size <= end:
            where = f"{what} at bytes {begin} to {begin + size} (said at byte {field})"
            file.refuse(f"{where} do not lie between {before} and {end} of its {file.size} bytes")
        before = begin + size
    if header.data_begin % ALIGNMENT:
        file.refuse(f"the data begin at byte {header.data_begin}, not on a multiple of {ALIGNMENT}")
    index_bytes = header.data_begin - header.index_begin
    if not 0 < header.tensors <= min(index_bytes // MIN_ENTRY_BYTES, MAX_TENSORS):
        file.refuse(f"{header.tensors} tensors (said at byte 8) in an index of {index_bytes} bytes")


def _metadata(file: WeightFile, header: Header) -> dict[str, str]:
    data = file.read_json(header.metadata_begin, header.metadata_bytes, "the metadata")
    where = f"metadata at byte {header.metadata_begin}"
    try:
        value = parse_json(data, where, equal_twins=True)
        if not isinstance(value, dict):
            file.refuse(f"{where} are not an object")
        return {key: _text(item) for key, item in value.items()}
    except (RecordError, ValueError, RecursionError) as err:
        hint = "a key may be written twice only with the same value: save the checkpoint again with a current trainer"
        file.refuse(str(err), hint, cause=err)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()


def _index(file: WeightFile, header: Header) -> list[Stored]:
    index_bytes = header.data_begin - header.index_begin
    if index_bytes > MAX_INDEX_BYTES:
        file.refuse(f"the index at byte {header.index_begin} is {index_bytes} bytes long; at most {MAX_INDEX_BYTES}")
    data = file.read(header.index_begin, index_bytes, "the index")
    tensors: list[Stored] = []
    place, before = 0, b""
    for number in range(header.tensors):
        try:
            name, tensor, end = _entry(file, header, data, place)
        except (struct.error, UnicodeDecodeError) as err:
            why = "it leaves the index" if isinstance(err, struct.error) else str(err)
            file.refuse(f"entry {number} of the index at byte {header.index_begin + place}: {why}", cause=err)
        if name <= before:
            why = (
                f"tensor {tensor.name!r} in the index at byte {header.index_begin + place} follows {before.decode()!r}"
            )
            file.refuse(f"{why}: names must be unique, sorted and not empty")
        tensors.append(tensor)
        place, before = end, name
    if data[place:].strip(b"\0"):
        file.refuse(f"the index goes on at byte {header.index_begin + place} after its {header.tensors} tensors")
    return tensors


def _entry(file: WeightFile, header: Header, data: bytes, place: int) -> tuple[bytes, Stored, int]:
    """Name, tensor and end of the index entry at `place`; struct.error where it leaves the index."""
    (length,) = struct.unpack_from("<H", data, place)
    name = data[place + 2 : place + 2 + length]
    kind, rank = struct.unpack_from("<BB", data, place + 2 + length)
    *shape, offset, size = struct.unpack_from(f"<{rank + 2}Q", data, place + 4 + length)
    where = f"tensor {name.decode()!r} in the index at byte {header.index_begin + place}"
    if kind not in DTYPES:
        file.refuse(f"{where} is stored as kind {kind}, which is unknown", f"save the weights as {PLAIN}")
    if offset % ALIGNMENT:
        file.refuse(f"{where} lies at offset {offset}, not on a multiple of {ALIGNMENT}")
    begin = header.data_begin + offset
    tensor = Stored(
        name=name.decode(), path=file.path, dtype=DTYPES[kind], shape=tuple(shape), begin=begin, end=begin + size
    )
    return name, tensor, place + 4 + length + 8 * (rank + 2)


def _check_footer(file: WeightFile) -> None:
    end, checksum = file.size - FOOTER_BYTES, 0
    for begin in range(0, end, CHUNK_BYTES):
        checksum = zlib.crc32(file.read(begin, min(CHUNK_BYTES, end - begin), "the data"), checksum)
    if file.read(end, FOOTER_BYTES, "the checksum") != checksum.to_bytes(FOOTER_BYTES, "little"):
        file.refuse(f"the checksum of the whole file at byte {end} does not match its bytes")
