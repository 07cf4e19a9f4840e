"""Namespaces and mounts: what the programs of one warden can see of the machine.

The calling user needs no rights: everything happens in a user namespace of its own. As root, programs run as the real
user nobody; as an ordinary user, as that user without any rights, shown as nobody.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from podium.execute.warden import kernel

NOBODY = 65534
SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr")
NEVER_OF_ROOTS = (
    "box", "boot", "commands", "dev", "etc", "home", "lost+found", "media", "mnt", "old", "packages", "perl", "proc",
    "run", "srv", "sys", "tmp", "var",
)  # fmt: skip
ETC_ENTRIES = ("alternatives", "ld.so.cache")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
BOX = Path("/box")
BOX_FOLDERS = ("work", "tmp", "shm")
BOX_FILES = 32768
ACCOUNTS = {
    "passwd": f"nobody:x:{NOBODY}:{NOBODY}:nobody:/box/tmp:/bin/sh\n",
    "group": f"nogroup:x:{NOBODY}:\n",
    "hosts": "127.0.0.1 localhost podium\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


def enter_namespaces() -> bool:
    """Leave the machine's namespaces; the next fork is init of a new pid namespace.

    Returns True when programs can become the real nobody (id 65534 outside too), which takes root.
    """
    uid, gid = os.geteuid(), os.getegid()
    flags = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID
    flags |= kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    if uid == 0 and _map_from_outside(flags):
        return True
    if uid != 0:
        kernel.unshare(flags)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")
    return False


def _map_from_outside(flags: int) -> bool:
    """Unshare while a helper that stays outside writes maps of two ids, which nobody inside may do."""
    wait, go = os.pipe()
    parent = os.getpid()
    helper = os.fork()
    if helper == 0:
        os.close(go)
        try:
            os.read(wait, 1)
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{parent}/{name}").write_text(f"0 0 1\n{NOBODY} {NOBODY} 1\n")
            os._exit(0)
        except OSError:
            os._exit(1)
    try:
        kernel.unshare(flags)
    finally:
        os.close(wait)
        os.close(go)
        _, status = os.waitpid(helper, 0)
    return status == 0


def build_view(config: dict[str, Any]) -> tuple[list[str], int]:
    """Replace the root by a small read-only one; `config` is the sandbox's.

    Its keys: `root`, the folder of another root file system, or empty; `shown`, pairs of a folder outside and its path
    inside; `hidden`, folders that are empty inside; `provided`, pairs of a file or folder outside and its path inside,
    also below a hidden one; `links`, pairs of a path and its target; `texts`, pairs of a path and what the program
    there says; `etc`, names below /etc; `box_bytes`.
    Returns the names of the layers that could not be had, and a descriptor of a /proc that can be written.
    """
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=4m,mode=755")  # noqa: S108
    os.chdir("/tmp")  # noqa: S108
    Path("old").mkdir()
    kernel.pivot_root(".", "old")
    os.chdir("/")
    _show_system(f"/old{config['root']}", config["etc"])
    for source, target in config["shown"]:
        _show_folder(f"/old{source}", target)
    _show_provisions(config)
    _show_devices()
    missing, processes = _mount_proc()
    _mount_box(config["box_bytes"])
    kernel.detach("/old")
    Path("/old").rmdir()
    flags = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
    for folder in ("/", *config["hidden"]):
        kernel.set_mount_attributes(folder, flags, recursive=False)
    kernel.set_host_name("podium")
    return missing, processes


def _show_provisions(config: dict[str, Any]) -> None:
    """What the lists name, in place of what the machine has."""
    config["hidden"] = [folder for folder in config["hidden"] if Path(folder).is_dir()]
    for folder in config["hidden"]:
        kernel.mount("tmpfs", folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    for source, target in config["provided"]:
        if Path(f"/old{source}").is_dir():
            _show_folder(f"/old{source}", target)
        else:
            _make_parent(target)
            Path(target).touch()
            kernel.bind_read_only(f"/old{source}", target)
    for path, target in config["links"]:
        if not os.path.lexists(path):
            _make_parent(path)
            os.symlink(target, path)  # noqa: PTH211  hundreds of them, before each warden's first program
    for path, text in config["texts"]:
        _make_parent(path)
        Path(path).write_text(text)
        os.chmod(path, 0o555)  # noqa: PTH101, S103  programs are nobody


def _make_parent(path: str) -> None:
    os.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)  # noqa: PTH103


def _show_folder(source: str, target: str) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    kernel.bind_read_only(source, target)


def _show_system(root: str, entries: list[str]) -> None:
    """The system's folders; of another root all that is no place of ours, since nothing of the machine is in it."""
    others = () if root == "/old" else sorted({*os.listdir(root)} - {*SYSTEM_FOLDERS, *NEVER_OF_ROOTS})  # noqa: PTH208
    for name in (*SYSTEM_FOLDERS, *others):
        source = Path(root, name)
        if source.is_symlink():
            Path("/", name).symlink_to(source.readlink())
        elif source.is_dir():
            _show_folder(str(source), f"/{name}")
    etc = Path("/etc")
    etc.mkdir()
    for name, text in ACCOUNTS.items():
        (etc / name).write_text(text)
    for name in (*ETC_ENTRIES, *entries):
        source = Path(root, "etc", name)
        if source.is_symlink():
            (etc / name).symlink_to(source.readlink())
        elif source.is_dir():
            _show_folder(str(source), str(etc / name))
        elif source.is_file():
            (etc / name).touch()
            kernel.bind_read_only(str(source), str(etc / name))


def _show_devices() -> None:
    folder = Path("/dev")
    folder.mkdir()
    for name in DEVICES:
        if not Path("/old/dev", name).exists():
            continue
        (folder / name).touch()
        kernel.bind_read_only(f"/old/dev/{name}", f"/dev/{name}", extra=kernel.MOUNT_ATTR_NOEXEC)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        (folder / name).symlink_to(f"/proc/self/fd{target}")
    (folder / "shm").symlink_to(BOX / "shm")


def _mount_proc() -> tuple[list[str], int]:
    """A fresh /proc shows only the own pid namespace; a container that masks parts of its own forbids it.

    Read-only: a program could else make itself the last that the kernel ends when memory runs out. The descriptor is
    of one that can be written, for the warden.
    """
    Path("/proc").mkdir()
    try:
        _mount_fresh_proc()
        writable = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        kernel.detach("/proc")
        _mount_fresh_proc()
        flags = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
        kernel.set_mount_attributes("/proc", flags | kernel.MOUNT_ATTR_NOEXEC, recursive=False)
    except OSError:
        return ["fresh proc"], os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    return [], writable


def _mount_fresh_proc() -> None:
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC, "hidepid=2")


def _mount_box(box_bytes: int) -> None:
    BOX.mkdir()
    options = f"size={box_bytes},nr_inodes={BOX_FILES},mode=755"
    kernel.mount("tmpfs", str(BOX), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    if not Path("/tmp").exists():  # noqa: S108
        Path("/tmp").symlink_to(BOX / "tmp")  # noqa: S108
