"""What a program can see of the process it runs in: one small program an item, which fails with what it saw."""

from __future__ import annotations

import re

# An item's name, and the expression that shows it after "|"; statements before it are separated by ";".
ITEMS = """
compiler flags | import sys; exec('def f(x: int) -> str: pass', globals()); f.__annotations__
future flags | import sys; sys._getframe().f_code.co_flags & 0x1fff000
globals | sorted(globals())
type of __builtins__ | type(__builtins__).__name__
__name__ | __name__
names of __builtins__ | sorted(__builtins__)[:90]
more names of __builtins__ | sorted(__builtins__)[90:]
removed builtins | sorted(n for n in __builtins__ if __builtins__[n] is None)
site's builtins | type(copyright).__name__, type(credits).__name__, type(license).__name__
frames below | import sys; f = sys._getframe(); n = [0]; exec('while f:\\n n[0] += 1\\n f = f.f_back'); n[0]
free recursion depth | DEPTH
recursion limit | import sys; sys.getrecursionlimit()
flags | import sys; {n: getattr(sys.flags, n) for n in sys.flags.__match_args__}
sys.argv | import sys; [a if a.startswith('-') or a.endswith('.py') else 'x' for a in sys.argv]
sys.orig_argv | import sys; sys.orig_argv[1:2], len(sys.orig_argv) - len(sys.argv), sys.orig_argv[0] == sys.executable
sys.executable exists | import sys, os; os.path.isabs(sys.executable), os.access(sys.executable, os.X_OK)
switches of sys | import sys; sys.dont_write_bytecode, sys.warnoptions, sys._xoptions, sys.pycache_prefix, sys.platlibdir
hooks of sys | import sys; sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__, sys.breakpointhook is sys.__breakpointhook__, sys.unraisablehook is sys.__unraisablehook__, sys.gettrace(), sys.getprofile(), sys.get_asyncgen_hooks()
names of sys | import sys; sorted(n for n in dir(sys) if n not in ('setdlopenflags', '_git', '_home', '_framework'))
numbers of sys | import sys; sys.getswitchinterval(), sys.get_int_max_str_digits(), sys.getdlopenflags(), sys.get_coroutine_origin_tracking_depth()
encodings | import sys; sys.getfilesystemencoding(), sys.getdefaultencoding(), sys.getfilesystemencodeerrors()
finders | import sys; [getattr(f, '__name__', type(f).__name__) for f in sys.meta_path]
path hooks | import sys; len(sys.path_hooks)
standard streams | import sys; [(s.name, s.mode, s.closed) if hasattr(s, 'name') else type(s).__mro__[1].__name__ for s in (sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__)]
streams are one | import sys; sys.stdin is sys.stdout is sys.stderr, sys.stdout.encoding, sys.stdout.readable(), sys.stdout.writable(), sys.stdout.isatty(), sys.stdout.getvalue()
main module | import __main__; __main__.__name__, __main__.__file__.rpartition('/')[2], hasattr(__main__, '__spec__'), __main__.__doc__
names of ours in main | import __main__; [n for n in ('programs', 'kernel', 'serve', 'Place', 'driver') if hasattr(__main__, n)]
modules of ours | import sys; [n for n in sys.modules if n == 'driver' or n.startswith('podium')]
blocked modules | import sys; sorted(n for n in sys.modules if sys.modules[n] is None)
thread | import threading; t = threading.current_thread(); t.name, type(t).__name__, t.daemon, t is threading.main_thread(), t.is_alive(), threading.active_count(), len(threading.enumerate()), threading.stack_size()
thread's text | import threading; repr(threading.main_thread()).partition(',')[0]
thread's hooks | import threading; threading.excepthook is threading.__excepthook__, threading.gettrace(), threading.getprofile()
process | import multiprocessing, os; p = multiprocessing.current_process(); p.name, type(p).__name__, p.daemon, p.exitcode, p.pid == os.getpid(), p.is_alive()
process's text | import multiprocessing; repr(multiprocessing.current_process()).partition(' parent')[0]
configuration of the process | import multiprocessing; sorted(multiprocessing.current_process()._config), multiprocessing.current_process()._identity
parent process | import multiprocessing, os; p = multiprocessing.parent_process(); p.name, p.pid == os.getppid(), p.is_alive(), repr(p)
start method | import multiprocessing; multiprocessing.get_start_method(True), multiprocessing.active_children()
signal handlers | import signal; sorted((s.name, getattr(h, '__name__', str(h))) for s in signal.valid_signals() if isinstance(s, signal.Signals) for h in [signal.getsignal(s)])
signal mask | import signal; signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.set_wakeup_fd(-1)
timers | import signal; 2.5 < signal.getitimer(signal.ITIMER_REAL)[0] <= 3, signal.getitimer(signal.ITIMER_REAL)[1], signal.getitimer(signal.ITIMER_VIRTUAL), signal.getitimer(signal.ITIMER_PROF)
warning filters | import warnings; [(a, str(m and m.pattern), c.__name__, str(w and getattr(w, 'pattern', w)), n) for a, m, c, w, n in warnings.filters]
warnings | import warnings; warnings.showwarning.__module__, warnings.defaultaction, warnings.onceregistry
collector | import gc; gc.isenabled(), gc.get_threshold(), len(gc.callbacks), gc.get_debug(), gc.garbage
frozen objects | import gc; gc.get_freeze_count() > 0
temporary folder | import tempfile, os; tempfile.tempdir is not None, tempfile.gettempdir() == tempfile.tempdir, tempfile.template, os.access(tempfile.tempdir, os.W_OK)
working directory | import os; os.listdir('.'), oct(os.stat('.').st_mode), os.stat('.').st_uid == os.getuid(), os.access('.', os.W_OK)
removed functions of os | import os; sorted(n for n in dir(os) if getattr(os, n) is None)
removed functions of shutil and subprocess | import shutil, subprocess; [n for n in dir(shutil) if getattr(shutil, n) is None], [n for n in dir(subprocess) if getattr(subprocess, n) is None]
decimal context | import decimal; decimal.getcontext()
logging | import logging; r = logging.getLogger(); r.level, r.handlers, r.manager.disable, logging.lastResort, logging.raiseExceptions, logging.getLoggerClass().__name__
default event loop policy | import asyncio; type(asyncio.get_event_loop_policy()).__name__, asyncio._get_running_loop()
locale | import locale; locale.setlocale(locale.LC_ALL, None).count('='), locale.localeconv()['decimal_point']
umask | import os; oct(os.umask(0o22))
niceness and priority | import os; os.nice(0)
session | import os; os.getpid() > 1
default timeout of sockets | import socket; socket.getdefaulttimeout()
faulthandler | import faulthandler; faulthandler.is_enabled()
pickling functions | import copyreg; sorted(c.__name__ for c in copyreg.dispatch_table if c.__module__ in ('builtins', 're', 'types'))
linecache | import linecache; [n for n in linecache.cache if n.startswith('<')]
OMP_NUM_THREADS | import os; os.environ['OMP_NUM_THREADS'], [n for n in os.environ if n.startswith('PYTHON')]
attributes by modules that others loaded | import urllib, importlib, xml, concurrent, email, os; [hasattr(urllib, 'parse'), hasattr(urllib, 'request'), hasattr(importlib, 'metadata'), hasattr(importlib, 'util'), hasattr(xml, 'etree'), hasattr(concurrent, 'futures'), hasattr(email, 'utils')]
unittest | import unittest; sorted(n for n in vars(unittest) if n[0].islower())
hash of a text is a number of its own | hash('a') == hash('a')
""".strip()
SLICES = ("ab", "cd", "ef", "ghi", "jklm", "nopq", "rst", "uvwxyz", "_")


def _program(statement: str) -> str:
    *before, shown = statement.split("; ")
    return "\n".join([*before, f"raise ValueError({shown})" if shown != "DEPTH" else DEPTH])


DEPTH = """
def depth(n):
    try:
        return depth(n + 1)
    except RecursionError:
        return n
raise ValueError(depth(1))"""


def programs() -> dict[str, str]:
    """Each item's program."""
    found = {}
    for line in ITEMS.splitlines():
        name, _, statement = line.partition(" | ")
        found[name.strip()] = _program(statement)
    for letters in SLICES:
        seen = f"n for n in sys.modules if n.partition('.')[0] in sys.stdlib_module_names and n[0] in {letters!r}"
        found[f"standard modules {letters}"] = f"import sys\nraise ValueError(sorted({seen}))"
    return found


def normal(text: str) -> str:
    """Without what differs between two processes of the same kind."""
    text = re.sub(r"0x[0-9a-f]{6,}", "0x", text)
    return re.sub(r"(Process-|ThreadPoolExecutor-\d_|'\], \()\d+", r"\1N", text)
