"""What a conversation may be, and what of it counts."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain import Turn
from assistant.errors import MessageError

MAX_CHARACTERS = 8_000
# Every message of the person's is read for danger in each turn, so a conversation cannot go on for ever.
MAX_MESSAGES = 100
# A message of fewer words says too little to be a topic by itself.
SHORT_WORDS = 4
TOPIC_WORDS = 60


def check_messages(messages: Sequence[Turn]) -> None:
    """Raises MessageError unless the conversation ends with something of the person's, of bearable length."""
    if not messages or messages[-1].role != "user" or not messages[-1].content.strip():
        raise MessageError("The conversation must end with a message of the user's that is not empty.")
    if len(messages) > MAX_MESSAGES:
        raise MessageError(f"A conversation may have {MAX_MESSAGES} messages: please begin a new one.")
    for turn in messages:
        if turn.role not in ("user", "assistant"):
            raise MessageError(f"The role {turn.role!r} is not allowed: use 'user' or 'assistant'.")
        if turn.role == "user" and len(turn.content) > MAX_CHARACTERS:
            raise MessageError(
                f"A message may have {MAX_CHARACTERS:,} characters; this one has {len(turn.content):,}: shorten it."
            )


def bearable(messages: Sequence[Turn]) -> list[set[str]]:
    """Of a conversation that is too long, what can be read of each of the person's turns: its beginning and its end."""
    said = [turn.content for turn in messages[-MAX_MESSAGES:] if turn.role == "user"]
    return [{text[:MAX_CHARACTERS], text[-MAX_CHARACTERS:]} for text in said]


def topic(said: Sequence[str]) -> str:
    """What a follow-up follows: the person's message before it, with the one before that where it is a mere few words.

    Of a long one the end, for the encoder does not see past some 200 words.
    """
    previous = said[-2].strip()
    topic = f"{said[-3].strip()} {previous}" if len(said) > 2 and len(previous.split()) < SHORT_WORDS else previous
    return " ".join(topic.split()[-TOPIC_WORDS:])
