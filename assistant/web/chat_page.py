"""The conversation as a Gradio page. The browser keeps it and sends it with each message; the server keeps nothing."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from html import escape
from typing import Any

import gradio as gr

from assistant.domain import Ask, Assessment, Done, Help, Source, Start, Token, Turn, to_wire
from assistant.errors import AssistantError
from assistant.pipeline import Assistant

EXAMPLES = (
    "I keep interrupting people in meetings, and I want to stop that before the summer.",
    "I have just become the first team leader in my family, and I know nobody who has done this job.",
    "What is the difference between a coach and a mentor?",
    "Will my manager find out what I tell a coach?",
)
# Relative, so that the page works below any path.
HEAD = (
    '<link rel="stylesheet" href="files/chat.css"><script src="files/chat.js" defer></script>'
    '<script src="files/card.js" type="module"></script>'
)

_INTRO = """
<h1>Coach or mentor?</h1>
<p class="about">Tell me your situation in a few words, and I say whether a coach, a mentor, both or neither can help, and why. Or ask
about coaching and mentoring at work: each answer is made of sentences from a library, with a link to where they stand.</p>
<p class="privacy">This is a program, not a person. Only you see what you type: nothing is stored or logged, no outside model
reads it, and the conversation lives in this browser window only.</p>
"""
_FAULT = "Something went wrong on our side, and your message was not answered: please send it again."
_CONCURRENT = 20
# What stands around an answer in its message, and is not part of it.
_AROUND = re.compile(
    r'<div class="(?:help|judgement|sources|notice)"[^>]*>.*?</div>|<h3 class="under-card">.*?</h3>', re.DOTALL
)
_CARD = re.compile(r'<div class="judgement" value="([A-Za-z0-9+/=]+)"></div>')
_LINKED_KEY = re.compile(r"\[\\\[(\w+)\\\]\]\([^)]*\)")

Message = dict[str, Any]


def theme() -> gr.themes.Base:
    """Quiet colours, and the fonts that the reader's own system has."""
    return gr.themes.Base(
        primary_hue="cyan",
        neutral_hue="slate",
        radius_size="lg",
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    ).set(
        button_primary_background_fill="#1d5b66",
        button_primary_background_fill_dark="#1d5b66",
        button_primary_background_fill_hover="#16474f",
        button_primary_background_fill_hover_dark="#2a7280",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        link_text_color="#1d5b66",
        link_text_color_dark="#8fcbd4",
    )


def build_page(assistant: Assistant) -> gr.Blocks:
    """The page around an assistant."""

    async def answer(text: str, history: list[Message], empties_box: bool = True) -> AsyncIterator[tuple[Any, Any]]:
        """Streams the conversation as it grows, and the text box beside it."""
        before = [_shown(message) for message in history]
        if not text.strip():
            yield before, gr.update()
            return
        asked = [*before, {"role": "user", "content": text}]
        emptied: dict[str, Any] = {"value": ""} if empties_box else {}
        # What could not be answered goes back into the box, unless something else is being typed there.
        unsent = text if empties_box else None
        yield asked, gr.update(submit_btn=False, stop_btn="Stop", **emptied)
        try:
            async for reply in _replies(assistant, to_turns(asked)):
                yield [*asked, reply], gr.update()
        except AssistantError as error:
            # The message itself stays in the text box and out of the conversation, so that it can be mended.
            yield [*before, {"role": "assistant", "content": _block("notice", str(error))}], _ready(unsent)
            return
        except Exception as error:
            # Named by its type alone: its text could hold what the person typed.
            logging.getLogger(__name__).error("A reply failed: %s.", type(error).__name__)
            yield [*before, {"role": "assistant", "content": _block("notice", _FAULT)}], _ready(unsent)
            return
        yield gr.update(), _ready()

    async def answer_chosen(history: list[Message], choice: gr.SelectData) -> AsyncIterator[tuple[Any, Any]]:
        """The same for a question that was clicked instead of typed."""
        value = choice.value
        async for shown in answer(value["text"] if isinstance(value, dict) else value, history):
            yield shown

    async def answer_card(numbered: str, history: list[Message]) -> AsyncIterator[tuple[Any, Any]]:
        """The same for an answer that was chosen on a card; what is being typed meanwhile stays."""
        async for shown in answer(numbered.partition(" ")[2], history, empties_box=False):
            yield shown

    page = gr.Blocks(title="Coach or mentor?", analytics_enabled=False, fill_height=True)
    with page:
        gr.HTML(_INTRO, elem_id="intro", padding=False)
        conversation = gr.Chatbot(
            elem_id="conversation",
            label="Conversation",
            show_label=False,
            height=None,
            scale=1,
            buttons=[],
            # The page's script shows an answer from its beginning.
            autoscroll=False,
            # A sum of money is no formula.
            latex_delimiters=[],
            examples=[{"text": question} for question in EXAMPLES],
            placeholder="**What is it about?**\n\nTell me your situation in a few words, ask a question, or begin with one of these.",
        )
        with gr.Row(elem_id="composer", equal_height=True):
            box = gr.Textbox(
                elem_id="question",
                label="Your situation or question",
                show_label=False,
                container=False,
                placeholder="Your situation in a few words, or a question",
                lines=1,
                max_lines=8,
                submit_btn="Send",
                scale=1,
                autofocus=True,
            )
            again = gr.Button("New conversation", elem_id="again", size="md", scale=0, min_width=0)
        # Where the page's script puts the answer that was chosen on a card, with a number before it: only a change is told.
        chosen = gr.Textbox(elem_id="chosen", label="Chosen answer", visible="hidden")
        outputs = [conversation, box]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        running: list[dict[str, Any]] = [
            box.submit(answer, [box, conversation], outputs, concurrency_limit=_CONCURRENT, **quiet),
            conversation.example_select(answer_chosen, conversation, outputs, concurrency_limit=_CONCURRENT, **quiet),
            conversation.option_select(answer_chosen, conversation, outputs, concurrency_limit=_CONCURRENT, **quiet),
        ]
        # A choice need not wait for the end of the reply that it answers.
        running.append(
            chosen.change(
                answer_card, [chosen, conversation], outputs, cancels=running, concurrency_limit=_CONCURRENT, **quiet
            )
        )
        box.stop(_ready, None, box, cancels=running, queue=False, **quiet)
        again.click(lambda: ([], _ready("")), None, outputs, cancels=running, queue=False, **quiet)
    page.queue(default_concurrency_limit=_CONCURRENT)
    return page


def _ready(text: str | None = None) -> Any:
    """The text box as it waits for a message; `text` None leaves what was typed meanwhile."""
    if text is None:
        return gr.update(submit_btn="Send", stop_btn=False)
    return gr.update(submit_btn="Send", stop_btn=False, value=text)


async def _replies(assistant: Assistant, turns: Sequence[Turn]) -> AsyncIterator[Message]:
    """The reply as it grows, each time as the whole message."""
    opening = card = heading = text = ""
    sources: list[Source] = []
    async for event in assistant.stream(turns):
        match event:
            case Start():
                heading = _heading("To your question" if event.wants_answer else "To read on")
                if event.help:
                    opening = _help(event.help)
                    yield {"role": "assistant", "content": opening}
            case Assessment():
                card = _card(event, turns)
                yield {"role": "assistant", "content": opening + card + _under(card, heading, _linked(text, sources))}
            case Source():
                sources.append(event)
            case Token():
                text += event.text
                yield {"role": "assistant", "content": opening + card + _under(card, heading, _linked(text, sources))}
            case Done(reply=reply):
                said = _under(card, heading, _linked(reply.answer, reply.sources))
                options = [{"value": suggestion} for suggestion in reply.suggestions]
                yield {
                    "role": "assistant",
                    "content": opening + card + said + _source_list(reply.sources),
                    "options": options,
                }


def to_turns(messages: Sequence[Message]) -> list[Turn]:
    """The conversation as the assistant wants it: of its own messages the bare answer, without what stands around it,
    and the question that its card asked."""
    turns = []
    for message in messages:
        content = _text(message)
        ask = None
        if message["role"] == "assistant":
            ask = _asked(content)
            content = _LINKED_KEY.sub(r"[\1]", _AROUND.sub("", content)).strip()
        if content or ask:
            turns.append(Turn(message["role"], content, ask))
    return turns


def _shown(message: Message) -> Message:
    """A message of the conversation as the browser sent it; suggestions go with the next message."""
    return {"role": message["role"], "content": _text(message)}


def _text(message: Message) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _linked(text: str, sources: Sequence[Source]) -> str:
    """The answer's Markdown with its keys as links."""
    urls = {source.key: source.url for source in sources}

    def link(found: re.Match[str]) -> str:
        url = urls.get(found[1])
        return rf"[\[{found[1]}\]]({url})" if url else found[0]

    return re.sub(r"\[(\w+)\]", link, text)


def _block(name: str, text: str, after: str = "") -> str:
    return f'<div class="{name}"><p>{escape(text)}</p>{after}</div>\n\n'


def _heading(text: str) -> str:
    return f'<h3 class="under-card">{escape(text)}</h3>\n\n'


def _under(card: str, heading: str, text: str) -> str:
    """The text of a reply, under a heading of its own where a card stands above it."""
    return heading + text if card and text else text


def _card(assessment: Assessment, turns: Sequence[Turn]) -> str:
    """The card's place and data. Gradio lets neither elements of ours nor `data-` attributes through: the page's
    script reads `value`, which it does."""
    name, data = to_wire(assessment)
    packed = json.dumps({name: data, "message": _judged(assessment, turns)}).encode()
    return f'<div class="judgement" value="{base64.b64encode(packed).decode()}"></div>\n\n'


def _judged(assessment: Assessment, turns: Sequence[Turn]) -> str:
    """What the person said that the judgement quotes: the last message, with those before it that it quotes too."""
    said = [turn.content.strip() for turn in turns if turn.role == "user"]
    for first in reversed(range(len(said))):
        text = "\n".join(said[first:])
        if all(signal.quote in text for signal in assessment.signals):
            return text
    return said[-1]


def _asked(content: str) -> Ask | None:
    """The question that a message's card asked. The browser sends it back, so it may be anything."""
    found = _CARD.search(content)
    if not found:
        return None
    try:
        ask = json.loads(base64.b64decode(found[1]))["assessment"]["ask"]
        question, options = ask["question"], tuple(ask["options"])
    except (binascii.Error, ValueError, LookupError, TypeError):
        return None
    if not isinstance(question, str) or not all(isinstance(option, str) for option in options):
        return None
    return Ask(question, options)


def _help(help_first: Help) -> str:
    contacts = "".join(
        f"<li><strong>{escape(who.name)}</strong>: {escape(who.how)}</li>" for who in help_first.contacts
    )
    return _block("help", help_first.text, f"<ul>{contacts}</ul>" if contacts else "")


def _source_list(sources: Sequence[Source]) -> str:
    """The cited sentences by article and section, with the same links as in the answer."""
    if not sources:
        return ""
    places: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        link = f'<a href="{escape(source.url)}">[{escape(source.key)}]</a>'
        places.setdefault((source.title, source.section), []).append(link)
    items = "".join(
        f"<li>{' '.join(links)} {escape(title)} › {escape(section)}</li>" for (title, section), links in places.items()
    )
    return "\n\n" + _block("sources", "Sources", f"<ul>{items}</ul>")
