"""The system calls that no program may make, as a BPF filter for x86_64 and aarch64.

A deny list: it closes doors of the kernel that a program has no business with. What a program may reach is decided
by namespaces and the mounts. The numbers are those of the kernel's unistd tables.
"""

from __future__ import annotations

import errno

# name -> (x86_64, aarch64); None where the architecture has no such call.
DENIED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "migrate_pages": (256, 238),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmat": (30, 196),
    "shmget": (29, 194),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
# Memory that lives outside processes and files: to libraries the kernel lacks these, and they do it another way.
ABSENT: dict[str, tuple[int | None, int | None]] = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "vmsplice": (278, 75),
}
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
CLONE, SOCKET, MMAP, PRLIMIT = (56, 220), (41, 198), (9, 222), (302, 261)
CLONE3 = 435
X32_BIT = 0x40000000
NEW_NAMESPACE_FLAGS = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
# UNIX, INET, INET6: vsock and netlink reach past a network namespace on some kernels.
SOCKET_FAMILIES = (1, 2, 10)

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
OFFSET_NUMBER, OFFSET_ARCHITECTURE, OFFSET_ARGUMENT, OFFSET_FOURTH = 0, 4, 16, 40
MAP_HUGETLB = 0x40000  # a machine's reserve that no limit counts; to a program the reserve seems empty

Instruction = tuple[int, int, int, int]


def _give(error: int) -> Instruction:
    return (RETURN, 0, 0, ERRNO | error)


def build_filter(machine: str) -> list[Instruction]:
    """The filter as (code, jump if true, jump if false, value). Raises KeyError for another architecture."""
    column, architecture = ARCHITECTURES[machine]
    code: list[Instruction] = [
        (LOAD, 0, 0, OFFSET_ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        code += [(AT_LEAST, 0, 1, X32_BIT), _give(errno.ENOSYS)]
    for calls, error in ((DENIED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for numbers in calls.values():
            number = numbers[column]
            if number is not None:
                code += [(EQUAL, 0, 1, number), _give(error)]
    # clone3 passes its flags by pointer, which a filter cannot read: libc falls back to clone on ENOSYS.
    code += [(EQUAL, 0, 1, CLONE3), _give(errno.ENOSYS)]
    code += [
        (EQUAL, 0, 4, CLONE[column]),
        (LOAD, 0, 0, OFFSET_ARGUMENT),
        (ANY_BIT, 0, 1, NEW_NAMESPACE_FLAGS),
        _give(errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    # Of another process, which may be the warden: 0 is the caller's own, as libraries and shells ask.
    code += [
        (EQUAL, 0, 4, PRLIMIT[column]),
        (LOAD, 0, 0, OFFSET_ARGUMENT),
        (EQUAL, 1, 0, 0),
        _give(errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    code += [
        (EQUAL, 0, 4, MMAP[column]),
        (LOAD, 0, 0, OFFSET_FOURTH),
        (ANY_BIT, 0, 1, MAP_HUGETLB),
        _give(errno.ENOMEM),
        (RETURN, 0, 0, ALLOW),
    ]
    families = len(SOCKET_FAMILIES)
    code += [(EQUAL, 0, families + 2, SOCKET[column]), (LOAD, 0, 0, OFFSET_ARGUMENT)]
    code += [(EQUAL, families - index, 0, family) for index, family in enumerate(SOCKET_FAMILIES)]
    return [*code, _give(errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
