"""Programs that need much of the machine, as root and as an ordinary user: no limit of ours meets them."""

from __future__ import annotations

import pytest
from tests.unit.execute.languages.cases import need_toolchain
from tests.unit.execute.users import USERS, Case, judge_as

# Each holds 300 MB, writes 50 MB, calls itself deeply or starts many threads, and finds no secret file.
LARGE = {
    "lua": """
local held = {}
for i = 1, 300 do held[i] = string.rep(tostring(i % 10), 1 << 20) end
local file = io.open('f', 'w')
for i = 1, 50 do file:write(held[i]) end
file:close()
local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
assert(deep(10000) == 10000)
assert(not io.open('/etc/shadow'))
""",
    "r": """
held <- numeric(4e7)
writeBin(raw(5e7), 'f')
deep <- function(n) if (n == 0) 0 else 1 + deep(n - 1)
stopifnot(deep(500) == 500, sum(held) == 0, !file.exists('/etc/shadow'))
""",
    "rkt": """#lang racket
(define held (make-bytes 300000000 7))
(call-with-output-file "f" (lambda (out) (void (write-bytes held out 0 50000000))))
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(unless (= (deep 100000) 100000) (error "wrong"))
(for-each thread-wait (for/list ([_ 500]) (thread (lambda () (sleep 0.1)))))
(when (file-exists? "/etc/shadow") (error "seen"))
""",
    "rb": """
held = 'x' * 300_000_000
File.write('f', held[0, 50_000_000])
def deep(n) = n == 0 ? 0 : 1 + deep(n - 1)
raise unless deep(5000) == 5000
(1..100).map { Thread.new { sleep 0.1 } }.each(&:join)
raise if File.exist?('/etc/shadow')
""",
    "go": """package x_test

import (
    "os"
    "sync"
    "testing"
)

func deep(n int) int {
    if n == 0 {
        return 0
    }
    return 1 + deep(n-1)
}

func TestX(t *testing.T) {
    held := make([]byte, 300000000)
    for i := range held {
        held[i] = byte(i)
    }
    if os.WriteFile("f", held[:50000000], 0o600) != nil || deep(1000000) != 1000000 {
        t.Fatal("wrong")
    }
    var all sync.WaitGroup
    for i := 0; i < 1000; i++ {
        all.Add(1)
        go func() { all.Done() }()
    }
    all.Wait()
    if _, err := os.Stat("/etc/shadow"); err == nil {
        t.Fatal("seen")
    }
}
""",
}
PATIENCE = {"wall_seconds": 60, "cpu_seconds": 60}


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("language", LARGE)
def test_a_large_program_passes(language: str, user: str) -> None:
    need_toolchain(language)
    [judged] = judge_as(user, [Case(language, LARGE[language], PATIENCE, language)])
    assert judged.outcome == "passed", judged
