"""The conversation as a Gradio page. The browser keeps it and sends it with each message; the server keeps nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Sequence
from html import escape
from typing import Any

import gradio as gr

from assistant.domain import Done, Help, Source, Start, Token, Turn
from assistant.errors import AssistantError
from assistant.pipeline import Assistant

EXAMPLES = (
    "What is the difference between a coach and a mentor?",
    "How long does coaching last?",
    "Will my manager find out what I tell a coach?",
    "How do I ask someone to be my mentor?",
)
# Relative, so that the page works below any path.
HEAD = '<link rel="stylesheet" href="files/chat.css"><script src="files/chat.js" defer></script>'

_INTRO = """
<h1>Coach or mentor?</h1>
<p class="about">Ask about coaching and mentoring at work. Each answer is made of sentences from a library, with a link to where they stand.</p>
<p class="privacy">This is a program, not a person. Only you see what you type: nothing is stored or logged, no outside model
reads it, and the conversation lives in this browser window only.</p>
"""
_FAULT = "Something went wrong on our side. Your message is still in the box: please send it again."
_CONCURRENT = 20
# What stands around an answer in its message, and is not part of it.
_AROUND = re.compile(r'<div class="(?:help|sources|notice)">.*?</div>', re.DOTALL)
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

    async def answer(text: str, history: list[Message]) -> AsyncIterator[tuple[Any, Any]]:
        """Streams the conversation as it grows, and the text box beside it."""
        before = [_shown(message) for message in history]
        if not text.strip():
            yield before, gr.update()
            return
        asked = [*before, {"role": "user", "content": text}]
        yield asked, gr.update(value="", submit_btn=False, stop_btn="Stop")
        try:
            async for reply in _replies(assistant, to_turns(asked)):
                yield [*asked, reply], gr.update()
        except AssistantError as error:
            # The message itself stays in the text box and out of the conversation, so that it can be mended.
            yield [*before, {"role": "assistant", "content": _block("notice", str(error))}], _ready(text)
            return
        except Exception as error:
            # Named by its type alone: its text could hold what the person typed.
            logging.getLogger(__name__).error("A reply failed: %s.", type(error).__name__)
            yield [*asked, {"role": "assistant", "content": _block("notice", _FAULT)}], _ready(text)
            return
        yield gr.update(), _ready()

    async def answer_chosen(history: list[Message], choice: gr.SelectData) -> AsyncIterator[tuple[Any, Any]]:
        """The same for a question that was clicked instead of typed."""
        value = choice.value
        async for shown in answer(value["text"] if isinstance(value, dict) else value, history):
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
            placeholder="**What would you like to know?**\n\nType it below, or begin with one of these.",
        )
        with gr.Row(elem_id="composer", equal_height=True):
            box = gr.Textbox(
                elem_id="question",
                label="Your question",
                show_label=False,
                container=False,
                placeholder="Your question, or your situation in a few words",
                lines=1,
                max_lines=8,
                submit_btn="Send",
                scale=1,
                autofocus=True,
            )
            again = gr.Button("New conversation", elem_id="again", size="md", scale=0, min_width=0)
        outputs = [conversation, box]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        running: list[dict[str, Any]] = [
            box.submit(answer, [box, conversation], outputs, concurrency_limit=_CONCURRENT, **quiet),
            conversation.example_select(answer_chosen, conversation, outputs, concurrency_limit=_CONCURRENT, **quiet),
            conversation.option_select(answer_chosen, conversation, outputs, concurrency_limit=_CONCURRENT, **quiet),
        ]
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
    opening = ""
    text = ""
    sources: list[Source] = []
    async for event in assistant.stream(turns):
        match event:
            case Start(help=Help() as help_first):
                opening = _help(help_first)
                yield {"role": "assistant", "content": opening}
            case Source():
                sources.append(event)
            case Token():
                text += event.text
                yield {"role": "assistant", "content": opening + _linked(text, sources)}
            case Done(reply=reply):
                content = opening + _linked(reply.answer, reply.sources) + _source_list(reply.sources)
                options = [{"value": suggestion} for suggestion in reply.suggestions]
                yield {"role": "assistant", "content": content, "options": options}


def to_turns(messages: Sequence[Message]) -> list[Turn]:
    """The conversation as the assistant wants it: of its own messages the bare answer, without what stands around it."""
    turns = []
    for message in messages:
        content = _text(message)
        if message["role"] == "assistant":
            content = _LINKED_KEY.sub(r"[\1]", _AROUND.sub("", content)).strip()
        if content:
            turns.append(Turn(message["role"], content))
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
