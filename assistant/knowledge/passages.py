"""Articles to passages: sections as numbered sentences, with stable ids, place of origin and content hash."""

from __future__ import annotations

import hashlib
import re
from itertools import zip_longest
from pathlib import Path

from assistant.domain import Passage, Sentence
from assistant.errors import LibraryError
from assistant.knowledge.articles import Article, read_articles, slugify
from assistant.sentences import split_sentences

# About 220 tokens: what the encoder sees of a passage together with its heading.
MAX_CHARACTERS = 1_000
# Source keys behind a full stop: `… moderate. [jones-2016, theeboom-2014]`
_SOURCES = re.compile(r"\s*\[([a-z0-9][a-z0-9-]*(?:, ?[a-z0-9][a-z0-9-]*)*)\]")


def read_passages(corpus: Path) -> list[Passage]:
    """The passages of the whole library, as its files have them now. Raises LibraryError like its parts."""
    return [passage for article in read_articles(corpus) for passage in split_article(article)]


def split_article(article: Article) -> list[Passage]:
    """The passages of an article, in order; a section past `MAX_CHARACTERS` becomes several.

    Raises LibraryError when a sentence names a source that the front matter does not.
    """
    passages = []
    for document in article.sections:
        heading = document.metadata["section"]
        sentences = _sentences(document.page_content)
        for sentence in sentences:
            for key in sentence.sources:
                if key not in article.front.sources:
                    raise LibraryError(
                        f"{article.slug}.md: the sentence '{sentence.text[:60]}…' names the source '{key}', "
                        "which is not in the front matter's sources."
                    )
        for part, chunk in enumerate(_chunks(sentences), 1):
            suffix = "" if part == 1 else f"~{part}"
            passages.append(
                make_passage(
                    article=article.slug,
                    title=article.front.title,
                    section=heading,
                    sentences=chunk,
                    phrasings=tuple(article.front.questions.get(heading, ())) if part == 1 else (),
                    suffix=suffix,
                )
            )
    return passages


def make_passage(
    article: str,
    title: str,
    section: str,
    sentences: tuple[Sentence, ...],
    phrasings: tuple[str, ...],
    suffix: str = "",
) -> Passage:
    """A passage with its id and its content hash."""
    content = "\n".join([title, section, *phrasings, *(f"{s.text} {s.sources}" for s in sentences)])
    return Passage(
        id=f"{article}#{slugify(section)}{suffix}",
        article=article,
        title=title,
        section=section,
        sentences=sentences,
        phrasings=phrasings,
        hash=hashlib.sha256(content.encode()).hexdigest(),
    )


def _sentences(markdown: str) -> list[Sentence]:
    sentences: list[Sentence] = []
    for block in re.split(r"\s*\n\s*\n|  \n|\n(?=- )", markdown):
        # Text and source keys alternate; keys belong to the sentence right before them.
        for piece, keys in zip_longest(*[iter(_SOURCES.split(block.strip().removeprefix("- ")))] * 2):
            sentences += [Sentence(text) for text in split_sentences(piece)]
            if keys and sentences:
                last = sentences.pop()
                sentences.append(Sentence(last.text, last.sources + tuple(re.split(", ?", keys))))
    return sentences


def _chunks(sentences: list[Sentence]) -> list[tuple[Sentence, ...]]:
    chunks: list[list[Sentence]] = [[]]
    length = 0
    for sentence in sentences:
        if chunks[-1] and length + len(sentence.text) > MAX_CHARACTERS:
            chunks.append([])
            length = 0
        chunks[-1].append(sentence)
        length += len(sentence.text) + 1
    return [tuple(chunk) for chunk in chunks]
