"""The nouns that cross the boundaries between the parts, all frozen.

A *clause* is a numbered piece of the person's own message; a *signal* is a clause with what it shows. An *assessment*
is the judgement of a situation, as the card shows it. A *passage* is a section of an article (or a piece of a long one), as numbered *sentences*. A *hit* is a
passage that a search found. A *source* is one sentence that an answer cites. A *reply* is all that one
message got; while it comes into being it travels as *events*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["situation", "question", "follow_up", "smalltalk", "outside"]
Sensitive = Literal["danger", "hr", "counselling"]
Role = Literal["user", "assistant"]
Verdict = Literal["coach", "mentor", "both", "neither", "unclear"]
Instead = Literal["manager", "hr", "counselling", "training", "sponsor", "expert"]
Sign = Literal[
    "behaviour", "goal", "block", "reflect", "road", "direction", "landscape", "belonging",
    "manager", "hr", "counselling", "training", "sponsor", "expert", "thin",
]  # fmt: skip
Pole = Literal["coach", "mentor", "elsewhere", "none"]
Band = Literal["high", "fair", "low"]


@dataclass(frozen=True)
class Ask:
    """The one question that decides, with two to four answers to choose from."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """One message of a conversation, as the client keeps it; `ask` is the question that an assistant's turn put."""

    role: Role
    content: str
    ask: Ask | None = None


@dataclass(frozen=True)
class Clause:
    """A piece of a message: `text` is `message[start:end]`, `number` counts from 1."""

    number: int
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Signal:
    """A clause that carries the judgement: what it shows, which helper that speaks for, and its exact words."""

    sign: Sign
    pole: Pole
    clause: int
    quote: str


@dataclass(frozen=True)
class NextStep:
    """What to do now, with a draft request to copy, edit and send where there is somebody to ask."""

    text: str
    draft: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Precedent:
    """A worked case like the person's, with how it was judged."""

    text: str
    verdict: Verdict
    instead: Instead | None
    why: str


@dataclass(frozen=True)
class Assessment:
    """The judgement of a situation.

    `confidence` is the calibrated probability (0 to 1) that the verdict is right. `provisional` is true while a model may
    still replace it. With `neither`, `instead` says what fits; with `unclear`, `ask` holds the question that decides.
    """

    verdict: Verdict
    instead: Instead | None
    confidence: float
    confidence_band: Band
    provisional: bool
    signals: tuple[Signal, ...]
    why: str
    would_change: str
    next_step: NextStep
    ask: Ask | None
    precedents: tuple[Precedent, ...]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage, with the keys of the sources that carry it (see `corpus/sources.toml`)."""

    text: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passage:
    """A section of an article.

    `id` is `article#section`, made from the file's name and the heading, so it outlives edits of the text.
    `phrasings` are ways in which people ask for this section. `hash` is of all that is embedded.
    """

    id: str
    article: str
    title: str
    section: str
    sentences: tuple[Sentence, ...]
    phrasings: tuple[str, ...]
    hash: str

    @property
    def text(self) -> str:
        """The passage as one string."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True)
class Hit:
    """A passage that a search found.

    `score` is the fused score that orders the hits; `dense` is the highest cosine similarity (-1 to 1) between the
    query and the passage or one of its phrasings, None where only words matched; `bm25` is the word score
    (0 and up), None where only the meaning matched.
    """

    passage: Passage
    score: float
    dense: float | None
    bm25: float | None


@dataclass(frozen=True)
class Source:
    """A sentence that an answer cites. `url` is relative to the service and opens the sentence in its article."""

    key: str
    title: str
    section: str
    quote: str
    url: str


@dataclass(frozen=True)
class Contact:
    """Somebody to turn to, with how to reach them."""

    name: str
    how: str


@dataclass(frozen=True)
class Help:
    """The fixed words and the contacts that come first where a matter is sensitive."""

    text: str
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Start:
    """First event: what kind of message it is, and the help that comes before anything else."""

    kind: Kind
    wants_answer: bool
    sensitive: Sensitive | None = None
    help: Help | None = None


@dataclass(frozen=True)
class Token:
    """A piece of the answer's Markdown."""

    text: str


@dataclass(frozen=True)
class Notice:
    """Something the reader should know about this reply."""

    kind: str
    text: str


@dataclass(frozen=True)
class MadeBy:
    """What made a reply: enough to make it again."""

    answerer: str
    index: str
    encoder: str
    judge: str
    model: str | None = None
    prompts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """The whole record of a reply, as `ask --json` prints it and the evals score it."""

    id: str
    kind: Kind
    wants_answer: bool
    sensitive: Sensitive | None
    help: Help | None
    answer: str
    sources: tuple[Source, ...]
    declined: bool
    notices: tuple[Notice, ...]
    made_by: MadeBy
    suggestions: tuple[str, ...] = ()
    assessment: Assessment | None = None
    usage: None = None
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """Last event: the whole record."""

    reply: Reply


Event = Start | Assessment | Source | Token | Notice | Done

_NAMES: dict[type, str] = {
    Start: "start", Assessment: "assessment", Source: "source", Token: "token", Notice: "notice", Done: "done",
}  # fmt: skip


def to_wire(event: Event) -> tuple[str, dict[str, Any]]:
    """The event's name and its data as plain JSON values, as the wire format has them."""
    data = asdict(event.reply if isinstance(event, Done) else event)
    return _NAMES[type(event)], data


def to_turn(data: Mapping[str, Any]) -> Turn:
    """A turn from its JSON object, as clients send it. Raises KeyError or TypeError when it is not one."""
    ask = data.get("ask")
    return Turn(data["role"], data["content"], Ask(ask["question"], tuple(ask["options"])) if ask else None)
