"""The Linux calls that Python does not offer, through ctypes; each raises OSError that names the call."""

from __future__ import annotations

import ctypes
import os
import platform

MACHINE = platform.machine()
SYSCALL_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
SYSCALL_MOUNT_SETATTR = 442  # the same on every architecture, Linux 5.12

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
AT_FDCWD, AT_RECURSIVE = -100, 0x8000

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_TIMERSLACK, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_SET_THP_DISABLE, PR_CAP_AMBIENT = 29, 36, 38, 41, 47
ASK_PERSONALITY = 0xFFFFFFFF
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _FilterInstruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_FilterInstruction)))


def _check(result: int, call: str) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _check(_libc.unshare(flags), f"unshare({flags:#x})")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount `source`, of file system `kind`, at `target`."""
    arguments = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _check(_libc.mount(*arguments), f"mount {kind} {source} on {target}")


def detach(target: str) -> None:
    """Take a mount and everything under it out of this view."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root and move the old root to `old`."""
    _check(_libc.syscall(SYSCALL_PIVOT_ROOT[MACHINE], new.encode(), old.encode()), "pivot_root")


def set_mount_attributes(target: str, attributes: int, *, recursive: bool) -> None:
    """Add MOUNT_ATTR_* flags to a mount, or to it and all below it."""
    record = _MountAttributes(attributes, 0, 0, 0)
    flags = ctypes.c_uint(AT_RECURSIVE if recursive else 0)
    size = ctypes.c_size_t(ctypes.sizeof(record))
    number = ctypes.c_long(SYSCALL_MOUNT_SETATTR)
    result = _libc.syscall(number, AT_FDCWD, target.encode(), flags, ctypes.byref(record), size)
    _check(result, f"mount_setattr {target}")


def bind_read_only(source: str, target: str, extra: int = MOUNT_ATTR_NODEV) -> None:
    """Show `source` at `target`, with everything mounted below it, read-only and without set-uid."""
    mount(source, target, "", MS_BIND | MS_REC)
    set_mount_attributes(target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | extra, recursive=True)


def control_process(option: int, value: int = 0) -> None:
    """Set one numeric property of this process (prctl)."""
    result = _libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    _check(result, f"prctl({option}, {value})")


def get_personality() -> int:
    """What setarch sets: addresses that do not vary, another machine's name, executable data; 0 is ordinary."""
    return int(_libc.personality(ctypes.c_ulong(ASK_PERSONALITY)))


def set_personality(value: int) -> None:
    """Choose it for what this process executes from now on; where that is forbidden nothing changes."""
    _libc.personality(ctypes.c_ulong(value))


def set_host_name(name: str) -> None:
    """Name the machine as programs see it; only in an own uts namespace."""
    _check(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def drop_bounding_set() -> None:
    """Make it impossible to gain any capability by exec."""
    for capability in range(LAST_CAPABILITY + 1):
        try:
            control_process(PR_CAPBSET_DROP, capability)
        except OSError:
            if capability == 0:
                raise
            return  # the kernel knows no more capabilities
    control_process(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def drop_capabilities() -> None:
    """Give up every capability of this process."""
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(ctypes.byref(header), (ctypes.c_uint32 * 6)()), "capset")


def install_filter(instructions: list[tuple[int, int, int, int]]) -> None:
    """Load a seccomp filter for this process and all that come from it."""
    array = (_FilterInstruction * len(instructions))(*(_FilterInstruction(*item) for item in instructions))
    program = _FilterProgram(len(instructions), array)
    zero = ctypes.c_ulong(0)
    mode = ctypes.c_ulong(SECCOMP_MODE_FILTER)
    _check(_libc.prctl(PR_SET_SECCOMP, mode, ctypes.byref(program), zero, zero), "seccomp filter")
