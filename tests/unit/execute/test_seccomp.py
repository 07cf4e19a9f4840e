"""The system call filter as a program of its own: interpreted here, without loading it."""

from __future__ import annotations

import errno

import pytest

from podium.execute.warden import seccomp


def decide(machine: str, number: int, argument: int = 0, architecture: int | None = None, fourth: int = 0) -> int:
    """Interpret the filter as the kernel would; returns the action."""
    data = {
        seccomp.OFFSET_NUMBER: number,
        seccomp.OFFSET_ARCHITECTURE: architecture or seccomp.ARCHITECTURES[machine][1],
        seccomp.OFFSET_ARGUMENT: argument,
        seccomp.OFFSET_FOURTH: fourth,
    }
    code, at, value = seccomp.build_filter(machine), 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        if operation == seccomp.RETURN:
            return operand
        if operation == seccomp.LOAD:
            value = data[operand]
            at += 1
            continue
        tests = {
            seccomp.EQUAL: value == operand,
            seccomp.AT_LEAST: value >= operand,
            seccomp.ANY_BIT: bool(value & operand),
        }
        at += 1 + (if_true if tests[operation] else if_false)


MACHINES = sorted(seccomp.ARCHITECTURES)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_listed_call_is_denied(machine: str) -> None:
    column = seccomp.ARCHITECTURES[machine][0]
    for name, numbers in seccomp.DENIED.items():
        number = numbers[column]
        if number is not None:
            assert decide(machine, number) == seccomp.ERRNO | errno.EPERM, name


@pytest.mark.parametrize("machine", MACHINES)
def test_every_new_namespace_flag_of_clone_is_denied_and_a_plain_fork_allowed(machine: str) -> None:
    number = seccomp.CLONE[seccomp.ARCHITECTURES[machine][0]]
    assert decide(machine, number, 17) == seccomp.ALLOW
    assert decide(machine, number, 0x003D0F00) == seccomp.ALLOW  # a thread
    for bit in (17, 25, 26, 27, 28, 29, 30):
        assert decide(machine, number, 1 << bit | 17) == seccomp.ERRNO | errno.EPERM
    assert decide(machine, seccomp.CLONE3) == seccomp.ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_memory_that_no_limit_counts_seems_not_to_exist(machine: str) -> None:
    column = seccomp.ARCHITECTURES[machine][0]
    for name, numbers in seccomp.ABSENT.items():
        number = numbers[column]
        assert number is not None
        assert decide(machine, number) == seccomp.ERRNO | errno.ENOSYS, name


@pytest.mark.parametrize("machine", MACHINES)
def test_only_mappings_of_huge_pages_are_refused(machine: str) -> None:
    number = seccomp.MMAP[seccomp.ARCHITECTURES[machine][0]]
    for flags in (0x02, 0x22, 0x21, 0x4022, 0x20022, 0x100022):  # private, anonymous, shared, reserving, stack, fixed
        assert decide(machine, number, fourth=flags) == seccomp.ALLOW
    assert decide(machine, number, fourth=seccomp.MAP_HUGETLB | 0x22) == seccomp.ERRNO | errno.ENOMEM


@pytest.mark.parametrize("machine", MACHINES)
def test_only_unix_and_ip_sockets_are_allowed(machine: str) -> None:
    number = seccomp.SOCKET[seccomp.ARCHITECTURES[machine][0]]
    allowed = [family for family in range(46) if decide(machine, number, family) == seccomp.ALLOW]
    assert allowed == list(seccomp.SOCKET_FAMILIES)


@pytest.mark.parametrize(("machine", "read"), [("x86_64", 0), ("aarch64", 63)])
def test_ordinary_calls_are_allowed_and_foreign_architectures_killed(machine: str, read: int) -> None:
    assert decide(machine, read) == seccomp.ALLOW
    assert decide(machine, read, architecture=0x40000003) == seccomp.KILL
    if machine == "x86_64":
        assert decide(machine, read | seccomp.X32_BIT) == seccomp.ERRNO | errno.ENOSYS
