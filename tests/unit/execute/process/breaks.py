"""Deliberately broken drivers: each name that a template gives, and what is changed in the driver's text."""

from __future__ import annotations

from pathlib import Path

from podium.execute.sandbox import PYTHON_DRIVER

BEFORE = "    _Guard.close()\n"


def _first(*statements: str) -> tuple[str, str]:
    """Statements before the guard closes."""
    return BEFORE, "".join(f"    {statement}\n" for statement in statements) + BEFORE


BREAKS: dict[str, tuple[tuple[str, str], ...]] = {
    "alarm by default": (("signal.signal(signal.SIGALRM, signal_handler)", "pass"),),
    "alarm that cannot be swallowed": (("class TimeoutException(Exception)", "class TimeoutException(BaseException)"),),
    "arguments": (("sys.argv[:] = ARGUMENTS", "sys.argv[:] = ['']"), ("sys.orig_argv[:] =", "unused =")),
    "blocked modules": (("BLOCKED_MODULES = (", "BLOCKED_MODULES = () and ("),),
    "builtins as a module": (("= {}\n        with", '= {"__builtins__": builtins}\n        with'),),
    "builtins of site": (("for add in (", "for add in () and ("),),
    "bytecode": (("sys.dont_write_bytecode = False", "sys.dont_write_bytecode = True"),),
    "bytes": (('decode("utf-8", "surrogatepass")', 'decode("latin-1")'),),
    "captured streams": (("contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream), ", ""),),
    "collector": (_first("import gc", "gc.disable()"),),
    "decimal context": (_first("import decimal", "decimal.getcontext().prec = 10"),),
    "deeper stack": (("FRAMES_BELOW = 14", "FRAMES_BELOW = 24"),),
    "digits": (_first("sys.set_int_max_str_digits(100)"),),
    "environment": (
        _first("for name in ('HASHSEED', 'DONTWRITEBYTECODE', 'PATH'): os.environ['PYTHON' + name] = '0'"),
    ),
    "fault handler": ((BEFORE, BEFORE + "    faulthandler.enable(2)\n"),),
    "file name": (
        (
            'exec(program.decode("utf-8", "surrogatepass"), namespace)',
            'exec(compile(program, "program.py", "exec"), namespace)',
        ),
    ),
    "files in the folder": (_first("Path('program.py').write_bytes(program)"),),
    "flags": (("if name in FLAGS:", "if name in ():"),),
    "folder on the path": (_first("sys.path.insert(0, '')"),),
    "future flag": (("import builtins\n", "from __future__ import annotations\n\nimport builtins\n"),),
    "globals": (("= {}\n        with", '= {"__name__": "__main__"}\n        with'),),
    "guard": (("for module, name, _ in cls.removed:", "for module, name, _ in ():"),),
    "guarded too much": (
        _first(
            "for n in ('listdir', 'mkdir', 'makedirs', 'getpid', 'cpu_count'): setattr(os, n, None)",
            "shutil.which = None",
        ),
        (BEFORE, BEFORE + "    os.path.exists = os.path.join = None\n"),
    ),
    "hooks": (_first("sys.excepthook = sys.displayhook = sys.breakpointhook = sys.unraisablehook = print"),),
    "interpreter": (("sys.executable = EXECUTABLE", "sys.executable = 'python'"),),
    "lifted guard": (("                setattr(module, name, original)", "                pass"),),
    "logging": (_first("import logging", "logging.basicConfig(level=10)"),),
    "low descriptor": (_first("descriptor = os.dup2(descriptor, 3)"),),
    "main module": (('sys.modules["__main__"] = main', "pass"),),
    "no alarm": (("signal.setitimer(signal.ITIMER_REAL, seconds)", "pass"),),
    "numpy": (
        ('*MODULES["packages"]', "*()"),
        _first("sys.modules['numpy'] = None", "sys.modules.pop('numpy') if b'sys.modules' in program else None"),
    ),
    "one thread for numpy": (('os.environ["OMP_NUM_THREADS"] = "1"', "pass"),),
    "only exceptions": (("exception, syntax_error = BaseException", "exception, syntax_error = Exception"),),
    "other words": (('f"failed: {err}"', 'f"failed: {err!r}"'),),
    "overwritten": (("if (module, name) in removed:", "if original:"),),
    "process": (('"multiprocessing.context": _as_started_process,', ""),),
    "readable streams": (("raise OSError", "return ''"),),
    "recursion limit": (_first("sys.setrecursionlimit(1500)"),),
    "result at the end": (_first("write(descriptor, nonce + b'\\npassed')"),),
    "shallower stack": (("FRAMES_BELOW = 14", "FRAMES_BELOW = 0"),),
    "signals": (
        _first(
            "for n in (2, 13, 25): signal.signal(n, signal.SIG_DFL)",
            "for n in (1, 10, 15, 17): signal.signal(n, signal.SIG_IGN)",
        ),
    ),
    "stand-ins": (('[*MODULES["standard"], *MODULES["packages"]]', "[]"),),
    "stand-ins left": (_first("del unloaded.Unloaded.__getattribute__"),),
    "standard input": ((", _RedirectStdin(stream)", ""),),
    "standard input left open": (("    sys.stdin.close()\n", ""),),
    "switch interval": (_first("sys.setswitchinterval(0.01)"),),
    "temporary folder": (("tempfile.tempdir = temporary", "tempfile.tempdir = None"),),
    "thread": (("thread.name, thread.__class__ = THREAD_NAME, threading.Thread", "pass"),),
    "two namespaces": (('"surrogatepass"), namespace)', '"surrogatepass"), namespace, {})'),),
    "warnings as errors": (_first("import warnings", "warnings.simplefilter('error')"),),
}


def broken(name: str, folder: Path) -> Path:
    """Write the driver with one break, and its data beside it. Raises KeyError, and ValueError where it is stale."""
    text = PYTHON_DRIVER.read_text(encoding="utf-8")
    for old, new in BREAKS[name]:
        if old not in text:
            message = f"the driver no longer has {old!r}: change the break {name!r} with it"
            raise ValueError(message)
        text = text.replace(old, new)
    for data in PYTHON_DRIVER.parent.glob("*.json"):
        (folder / data.name).write_bytes(data.read_bytes())
    path = folder / PYTHON_DRIVER.name
    path.write_text(text, encoding="utf-8")
    return path
