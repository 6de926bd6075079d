"""The error tree: everything the program refuses, as one small set of classes (错误).

A refusal says what is wrong, where, and what to do now, in Chinese and English. The sentences stand
in `geo.messages` under a stable code; an error carries its code and the values that fill it.
"""

from __future__ import annotations

from geo.messages import Language, say


class GeoError(Exception):
    """Something the user can mend; `str(error)` is one English sentence and what to do now.

    Parameters
    ----------
    code
        Key in `geo.messages.MESSAGES`.
    values
        What fills the sentence: names, counts, row numbers. Never a path, a secret or personal data.
    """

    def __init__(self, code: str, /, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(say(code, "en", **values))

    def say(self, language: Language) -> str:
        """Return the sentence in one language."""
        return say(self.code, language, **self.values)


class SettingError(GeoError):
    """A setting is unknown or has a value that cannot be used."""


class CrsError(GeoError):
    """A coordinate system is missing, unknown or does not fit the numbers."""


class MissingError(GeoError):
    """Something that was named does not exist: a column, an area, a batch, a case."""


class DuplicateError(GeoError):
    """Something that must be unique occurs twice."""


class FileError(GeoError):
    """A file cannot be read as what it is said to be."""


class EmptyError(FileError):
    """A file holds nothing to import."""


class LimitError(FileError):
    """A file is larger than a limit allows."""


class WorkerError(GeoError):
    """The process that reads files could not be started, or ended before it had read one."""


class ChoiceError(GeoError):
    """A choice made by the user is missing or does not fit the file."""


class StoreError(GeoError):
    """The store cannot do what was asked."""


class StoreLockedError(StoreError):
    """The embedded database is open in another program."""


class StoreBrokenError(StoreError):
    """The embedded database gave its file up in the middle of writing and must open it again."""


class StoreVersionError(StoreError):
    """The store was written by a newer program."""


class ConnectionLostError(StoreError):
    """The database server does not answer, or the connection to it was cut."""


class ConflictError(StoreError):
    """What was read has been changed by somebody else since, or a later batch stands on it."""


class StaleEditError(ConflictError):
    """A row that somebody edits was changed by somebody else since it was read."""


class CancelledError(GeoError):
    """The user stopped long work; nothing was kept."""


class AccessError(GeoError):
    """Whoever asks may not do it, or what decides that cannot be read."""
