"""What a program can see and touch of how it is run is what it is in the harness: streams, folders, its own file."""

from __future__ import annotations

import pytest
from tests.unit.execute.users import USERS, Case, judge_as

pytestmark = pytest.mark.world
# name -> (program, what it says on stdout, what on stderr)
SAYS = {
    "stderr by its name": (Case("sh", "echo hi > /dev/stderr"), "", "hi\n"),
    "stdout by its name": (Case("sh", "echo hi >> /dev/stdout"), "hi\n", ""),
    "by the number": (Case("sh", "echo a > /dev/fd/1; echo b > /dev/fd/2"), "a\n", "b\n"),
    "by the process": (Case("sh", "echo a > /proc/self/fd/1; echo b > /proc/$$/fd/2"), "a\n", "b\n"),
    "by another process": (Case("sh", "set -eo pipefail; echo a | tee /dev/stderr"), "a\n", "a\n"),
    "by awk": (Case("sh", 'awk \'BEGIN { print "a" > "/dev/stderr"; print "b" | "cat 1>&2" }\''), "", "a\nb\n"),
    "in a group with a message": (
        Case("sh", "set -e\necho checking > /dev/stderr\n{ echo x; } 2> /dev/stderr"),
        "x\n",
        "checking\n",
    ),
    "from Perl": (
        Case(
            "pl", "for ('/dev/stdout', '/dev/stderr') { open my $f, '>', $_ or exit 1; print $f \"hi\\n\" or exit 1 }"
        ),
        "hi\n",
        "hi\n",
    ),
    "appended from Perl": (Case("pl", "open F, '>>', '/proc/self/fd/2' or exit 1; print F 'x';"), "", "x"),
    "from a child of Perl": (Case("pl", "exit(system('echo hi > /dev/stdout') ? 1 : 0);"), "hi\n", ""),
}
HOLDS = {
    "streams of Python": Case(
        "py",
        "for name in ('/dev/stdout', '/dev/stderr', '/proc/self/fd/1', '/dev/fd/2'):\n"
        "    with open(name, 'w') as stream:\n        stream.write('hi')\n"
        "assert open('/dev/stdin').read() == open('/proc/self/fd/0').read() == ''",
    ),
    "no input": Case("sh", "[[ -z $(cat) && -z $(cat /dev/stdin) ]] && ! read -r && [[ -c /dev/stdin ]]"),
    "pipes, no terminal": Case("sh", "[[ -p /dev/stdout && -p /dev/stderr && ! -t 0 && ! -t 1 && ! -t 2 ]]"),
    "no terminal to open": Case("sh", "[[ -c /dev/tty ]] && ! (echo > /dev/tty) 2> /dev/null"),
    "an empty folder that is its own": Case("sh", "[[ -z $(ls -A) && -O . && -w . && -x . ]] && touch a && rm a"),
    "its file lies elsewhere, by its full name": Case("sh", '[[ $0 = /*/*.sh && -f $0 ]] && cd / && [[ -r $0 ]]'),
    "its file is its own": Case("sh", "[[ -O $0 && -w $0 && ! -x $0 ]] && echo '#' >> $0 && rm $0"),
    "its file in Perl": Case("pl", "exit(-o $0 && -w $0 && $0 =~ m{^/} && !-e 'program.pl' ? 0 : 1);"),
    "a group and a session of its own": Case("sh", "[[ $(cut -d' ' -f5,6 /proc/$$/stat) = \"$$ $$\" ]]"),
    "temporary files": Case("sh", "for d in /tmp $TMPDIR $HOME /dev/shm; do f=$(mktemp -p $d) && echo > $f; done"),
    "programs of its own making": Case("sh", "cp /bin/true $TMPDIR/t && $TMPDIR/t && cp /bin/true t && ./t"),
    "devices": Case("sh", "head -c 9 /dev/urandom /dev/zero /dev/random > /dev/null; ! echo 2> /dev/null > /dev/full"),
    "a broken pipe ends the writer": Case("sh", "yes | head -1 > /dev/null; [[ ${PIPESTATUS[0]} = 141 ]]"),
    "a file that is too large ends the writer": Case("sh", "ulimit -f 8; head -c 99999 /dev/zero > f; [[ $? = 153 ]]"),
}  # fmt: skip


@pytest.mark.parametrize("user", USERS)
def test_streams_can_be_opened_anew_as_in_the_harness(user: str) -> None:
    found = judge_as(user, [case for case, _, _ in SAYS.values()])
    assert {name: (one.outcome, one.stdout, one.stderr) for name, one in zip(SAYS, found, strict=True)} == {
        name: ("passed", stdout, stderr) for name, (_, stdout, stderr) in SAYS.items()
    }


@pytest.mark.parametrize("user", USERS)
def test_program_finds_what_it_finds_in_the_harness(user: str) -> None:
    found = judge_as(user, list(HOLDS.values()))
    assert {name: one for name, one in zip(HOLDS, found, strict=True) if one.outcome != "passed"} == {}
