"""The tree of errors.

::

    ListenerError
    ├── ConfigError          a setting is unknown, missing or out of range
    ├── QueryError           a query or one of its terms cannot be understood; knows the column
    ├── StoreError           the database cannot be used as it is
    ├── SourceError          a source answered with something other than what it promised
    ├── TemplateRejected     a template uses more than the safe subset
    ├── NotAllowed           this person may not do this
    ├── Conflict             somebody or something else was first; look again
    ├── Temporary            try again, not before ``retry_after_s``
    └── Permanent            trying again cannot help; ``reason`` says why

Messages name the thing, the value and the remedy, and never carry a secret.
"""


class ListenerError(Exception):
    """Anything Fengsheng raises on purpose.

    ``code`` names the refusal for surfaces that show it in the reader's language; the message
    itself is English, for logs and the terminal.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ConfigError(ListenerError):
    """A setting is unknown, missing or out of range; the message names file, line and remedy."""


class QueryError(ListenerError):
    """A query or a term cannot be understood.

    ``column`` counts code points of the query as given, from 1; ``problem`` is the message
    without it.
    """

    def __init__(self, problem: str, *, column: int) -> None:
        super().__init__(f"column {column}: {problem}")
        self.problem = problem
        self.column = column


class StoreError(ListenerError):
    """The database cannot be used as it is, for example because its schema is newer than us."""


class SourceError(ListenerError):
    """A source answered with something other than what it promised."""


class TemplateRejected(ListenerError):
    """A template uses more than the allowed syntax, or lacks what its kind requires."""


class NotAllowed(ListenerError):
    """The person is unknown, lacks the role, or may not decide on their own text."""


class Conflict(ListenerError):
    """The state changed since it was shown; nothing was done."""


class Temporary(ListenerError):
    """The attempt failed and may succeed later.

    ``retry_after_s`` is the least number of seconds to wait, None when the other side named none.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Permanent(ListenerError):
    """The attempt failed and would fail again; ``reason`` is a short stable code."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
