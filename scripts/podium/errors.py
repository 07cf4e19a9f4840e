"""Every way to fail, one class each; `__main__.main` turns them into one sentence and an exit code.

PodiumError (70 a bug in us)
├── FindingsError            1   validation, or a check of a converted model, found errors
├── UsageError               2   an option or argument is wrong
│   ├── ConfigError          2   podium.toml is missing or wrong
│   └── UnknownNameError     2   a name (task, backend, board...) that does not exist
├── NothingToDoError         3   nothing was left to do, or warnings only
├── CheckpointError          4   convert: the checkpoint cannot be read or is not what it says
│   ├── UndeterminedError    4   its bytes can be read in several ways, and nothing tells which is the model
│   └── SourceError          4   it is not to be had from the address it is said to lie at
├── TaskDataError            5   tasks: a data file is missing, truncated or not what it says
├── BackendError             6   generate: a fault of the backend, never of the model
├── SandboxError             7   execute: a fault of the sandbox or the toolchain, never of the model
│   ├── SandboxUnavailableError
│   └── NotInstalledError    7   a toolchain, or something else that programs may use, is not on this machine
├── RecordError              8   a record file is broken: not strict JSON, wrong shape, wrong digest
│   └── IncompleteError      8   samples or verdicts are missing; never a smaller n
├── BoardError               9   submit/publish: the board refused or the world is not as needed
│   ├── TokenError          10   there is no token, or it cannot be one
│   │   ├── TokenRefusedError 14 the API does not know the token
│   │   └── TokenScopeError 15   the token is good but may not do this
│   ├── BoardUnreachableError 11 no answer from the API
│   │   └── BudgetError     16   the API wants us to wait: its limit is used up
│   ├── ApprovalError       12   not approved, or approved content differs
│   ├── ForkMissingError    17   there is no such repository
│   ├── ForkUnrelatedError  18   it is no fork of the leaderboard
│   ├── ForkArchivedError   19   it is read-only
│   ├── BaseMissingError    20   it has no such branch
│   ├── OlderReleaseError   21   the board holds a newer release
│   └── StalePlanError      22   the world moved after the plan was written
├── StorageError            13   the disk refused: no space, no permission
├── BusyError               23   another process works in the folder
└── OtherWorkError          24   the folder holds samples of other work; they are not given up without being asked
"""


class PodiumError(Exception):
    """A failure with a sentence for people and a remedy: what happened, where, what to do now."""

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class FindingsError(PodiumError):
    """Validation, or a check of a converted model, found errors."""

    exit_code = 1


class UsageError(PodiumError):
    """An option or argument is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """podium.toml is missing or wrong."""


class UnknownNameError(UsageError):
    """A name that no table knows; the message carries the closest one."""


class NothingToDoError(PodiumError):
    """Nothing was left to do, or there are warnings only."""

    exit_code = 3


class CheckpointError(PodiumError):
    """The checkpoint cannot be read or is not what it says."""

    exit_code = 4


class UndeterminedError(CheckpointError):
    """The bytes can be read in several ways and nothing tells which is the model; the message holds all of them."""


class SourceError(CheckpointError):
    """The checkpoint is not to be had from its address: missing, changed, damaged or unreachable."""


class TaskDataError(PodiumError):
    """A task's data file is missing, truncated or not what it says."""

    exit_code = 5


class BackendError(PodiumError):
    """A fault of the generating backend, never of the model."""

    exit_code = 6


class SandboxError(PodiumError):
    """A fault of the sandbox or a toolchain, never of the model."""

    exit_code = 7


class SandboxUnavailableError(SandboxError):
    """This machine cannot give the isolation that generated programs need."""


class NotInstalledError(SandboxError):
    """Something that programs may use is not on this machine; the hint is the command that installs it."""


class RecordError(PodiumError):
    """A record file is broken: not strict JSON, wrong shape or wrong digest."""

    exit_code = 8


class IncompleteError(RecordError):
    """Samples or verdicts are missing; a score over fewer is never computed."""


class BoardError(PodiumError):
    """The board refused, or the world is not as a submission needs it."""

    exit_code = 9


class TokenError(BoardError):
    """No token, a wrong kind of token or a missing scope."""

    exit_code = 10


class TokenRefusedError(TokenError):
    """The API does not know the token: wrong, expired or revoked."""

    exit_code = 14


class TokenScopeError(TokenError):
    """The token is good but may not do this."""

    exit_code = 15


class BoardUnreachableError(BoardError):
    """No answer from a board's API."""

    exit_code = 11


class BudgetError(BoardUnreachableError):
    """The API wants us to wait; nothing was done. `wait_seconds` is what it asks for."""

    exit_code = 16

    def __init__(self, message: str, *, hint: str = "", wait_seconds: float = 60.0) -> None:
        super().__init__(message, hint=hint)
        self.wait_seconds = wait_seconds


class ApprovalError(BoardError):
    """The pull request is not approved, or what was approved is not what would be published."""

    exit_code = 12


class ForkMissingError(BoardError):
    """There is no such repository, or the token may not see it."""

    exit_code = 17


class ForkUnrelatedError(BoardError):
    """The repository is no fork of the configured leaderboard."""

    exit_code = 18


class ForkArchivedError(BoardError):
    """The repository is archived, so nobody can write to it."""

    exit_code = 19


class BaseMissingError(BoardError):
    """The repository has no such branch to submit to."""

    exit_code = 20


class OlderReleaseError(BoardError):
    """The board holds a newer release of the model than the one to be sent."""

    exit_code = 21


class StalePlanError(BoardError):
    """A plan is applied to a world that is not the one it was written for."""

    exit_code = 22


class StorageError(PodiumError):
    """The disk refused: no space or no permission."""

    exit_code = 13


class BusyError(PodiumError):
    """Another process works in the folder; the message names it."""

    exit_code = 23


class OtherWorkError(PodiumError):
    """The folder holds samples that were drawn with other inputs, or that do not fit together."""

    exit_code = 24
