"""What can go wrong in a way that a person can mend.

AssistantError                 root; its message is one sentence with the way out
 ├─ SettingsError              a setting has a bad value
 ├─ LibraryError               an article or a list beside it is broken (names file and line)
 ├─ IndexUnavailableError      the index cannot be built, read or replaced
 ├─ EncoderError               the encoder's files are missing or not the expected ones
 ├─ CriteriaError              the file of criteria is broken
 ├─ HouseError                 the house file is broken (names file and line)
 ├─ MessageError               a conversation that breaks the rules of the wire format
 └─ PortInUseError             another program listens there

The command line prints the message of any of these without a traceback and exits with 2.
"""


class AssistantError(Exception):
    """Root of the errors that a person can mend."""


class SettingsError(AssistantError):
    """A setting has a value that cannot be used."""


class LibraryError(AssistantError):
    """An article, or a list beside the articles, cannot be read as the library's form asks."""


class IndexUnavailableError(AssistantError):
    """The index cannot be built, read or replaced: disk full, read-only, or held by somebody else."""


class EncoderError(AssistantError):
    """The encoder's model or tokenizer is missing or is not the one this version was made with."""


class CriteriaError(AssistantError):
    """The criteria by which situations are judged cannot be read."""


class HouseError(AssistantError):
    """The house file cannot be read as its form asks."""


class MessageError(AssistantError):
    """A conversation that the wire format does not allow, such as one that ends with an answer."""


class PortInUseError(AssistantError):
    """The address to serve on is taken."""
