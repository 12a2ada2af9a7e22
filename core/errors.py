"""Every error that core raises on purpose, named by what the caller does next.

    AnswerdeskError            the message is a plain sentence that may be shown to a person
    +-- ConfigurationError     a setting is wrong: the start stops, the message names the key
    +-- NotAllowed             this person may not do this: nothing was done
    |   +-- SignInFailed       wrong e-mail or password, or too many tries
    +-- NotFound               no such thing, or not for this person (the two are not told apart)
    +-- BadInput               what was given cannot be used: the person changes it
    |   +-- UnreadableFile     a file without usable text: it is named with its reason, others go on
    +-- Busy                   try again later: another process or person is at it
    |   +-- StoreInUse         another process owns the vector store on disk
    +-- Cancelled              the person asked for the work to stop
    +-- ModelError             no model gave an answer
        +-- ModelUnavailable   every attempt failed: the message says what happens next
        +-- ModelRefused       the provider declined this request: trying again does not help

A vendor's error is wrapped once, in the adapter that calls the vendor, with `raise ... from`.
"""

from __future__ import annotations


class AnswerdeskError(Exception):
    """The root: `str(error)` is a sentence for a person, `__cause__` is for the log."""


class ConfigurationError(AnswerdeskError):
    """A setting is missing or wrong; the message names the key and the reason."""


class NotAllowed(AnswerdeskError):
    """The person lacks the right; nothing was done."""


class SignInFailed(NotAllowed):
    """The e-mail or the password is wrong, or there were too many tries."""


class NotFound(AnswerdeskError):
    """No such thing, or it is not this person's to see."""


class BadInput(AnswerdeskError):
    """What the person gave cannot be used as it is."""


class UnreadableFile(BadInput):
    """A file from which no text can be read; the message is the reason."""


class Busy(AnswerdeskError):
    """Somebody or something else is at it; the same call may succeed later."""


class StoreInUse(Busy):
    """Another process has the vector store on disk open."""


class Cancelled(AnswerdeskError):
    """The work was stopped because a person asked for it."""


class ModelError(AnswerdeskError):
    """No model gave an answer."""


class ModelUnavailable(ModelError):
    """Every attempt at a model failed."""


class ModelRefused(ModelError):
    """The provider declined this very request."""
