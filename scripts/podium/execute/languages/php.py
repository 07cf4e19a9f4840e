"""PHP as the harness runs multiple-php; mode "corrected" tells timeouts and syntax errors from exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.execute.jobs import one_step
from podium.execute.languages import Probe, met_limit
from podium.execute.languages.safe_subprocess import LIMITS, SafeSubprocess, kept

if TYPE_CHECKING:
    from podium.execute.jobs import Completed, Job
    from podium.execute.languages import Mode
    from podium.records import Outcome

PARSE_ERROR = "PHP Parse error"
# What PHP says when it cannot have memory; there is no limit of its own.
OUT_OF_MEMORY = b"PHP Fatal error:  Out of memory"
# The settings of Debian's and Ubuntu's php-cli where they are not PHP's own, and the extensions that it brings. A
# machine's own settings and further extensions would change verdicts: assertions, memory, functions that the board's
# image lacks.
SETTINGS = (
    "short_open_tag=0", "zend.exception_ignore_args=1", "zend.exception_string_param_max_len=0", "memory_limit=-1",
    "error_reporting=22527", "display_errors=0", "display_startup_errors=0", "log_errors=1", "variables_order=GPCS",
    "request_order=GP", "zend.assertions=-1", "enable_dl=0",
)  # fmt: skip
EXTENSIONS = (
    "calendar", "ctype", "exif", "ffi", "fileinfo", "ftp", "gettext", "iconv", "pdo", "phar", "posix", "readline",
    "shmop", "sockets", "sysvmsg", "sysvsem", "sysvshm", "tokenizer",
)  # fmt: skip


class Php(SafeSubprocess):
    """`php F`. [H] multiple_metrics/eval_php.py."""

    tools = {"php": ["php", "--version"]}  # noqa: RUF012

    def prepare(self, program: bytes, mode: Mode) -> Job:
        """The file lies with the temporary ones, and the working directory is empty."""
        given = [*SETTINGS, *(f"extension={name}" for name in EXTENSIONS)]
        options = [part for setting in given for part in ("-d", setting)]
        command = ["php", "-n", *options, "tmp/program.php"]
        return one_step(command, files={"tmp/program.php": program}, limits=LIMITS)

    def read(self, completed: Completed, mode: Mode) -> tuple[Outcome, str]:
        """In the harness a timeout is an Exception, and only stdout is searched for parse errors."""
        outcome, message = self._read(completed)
        if mode == "corrected" or outcome == "unavailable":
            return outcome, message
        if PARSE_ERROR in kept(completed.stdout):
            return ("syntax_error" if outcome in ("passed", "failed") else outcome), "SyntaxError"
        return outcome, "OK" if outcome == "passed" else "Exception"

    def _read(self, completed: Completed) -> tuple[Outcome, str]:
        if stopped := self.stopped(completed):
            return stopped
        if completed.exit_code == 0:
            return "passed", "OK"
        if PARSE_ERROR in kept(completed.stderr):
            return met_limit(completed) or "syntax_error", "SyntaxError"
        if OUT_OF_MEMORY in completed.stderr:
            return "out_of_memory", "Exception"
        return self.broken(completed)

    def probes(self, tests: str) -> list[Probe]:
        """Right, wrong, malformed, endless, and all extensions asked for."""
        head = "<?php\nfunction answer() {\n    "
        tail = '\n}\nif (answer() !== array(42)) { throw new Exception("Test failed!"); }\n'
        names = ", ".join(f'"{name}"' for name in EXTENSIONS)
        extensions = f"foreach (array({names}) as $name) {{ if (!extension_loaded($name)) {{ exit(1); }} }} "
        return [
            Probe(name="right answer", program=f"{head}return array(42);{tail}", wanted="passed"),
            Probe(name="wrong answer", program=f"{head}return array(41);{tail}", wanted="failed"),
            Probe(name="syntax error", program=f"{head}return array(42;{tail}", wanted="syntax_error"),
            Probe(name="endless loop", program=f"{head}for (;;) {{}}{tail}", wanted="timed_out"),
            Probe(name="extensions", program=f"{head}{extensions}return array(42);{tail}", wanted="passed"),
        ]
