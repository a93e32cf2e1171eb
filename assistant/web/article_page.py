"""An article of the library as a calm HTML page, in which every sentence has an address of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from assistant.domain import Passage
from assistant.knowledge.articles import read_article, read_list
from assistant.knowledge.passages import split_article

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Coach or mentor?</title>
<link rel="icon" href="../files/favicon.svg">
<link rel="stylesheet" href="../files/article.css">
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def render_article(corpus: Path, slug: str) -> str | None:
    """The article's page, or None when the library has no such article."""
    file = corpus / "articles" / f"{slug}.md"
    if not re.fullmatch(r"[a-z0-9-]+", slug) or not file.is_file():
        return None
    sources = read_list(corpus / "sources.toml")
    article = read_article(file, set(sources), set(read_list(corpus / "claims.toml")))
    passages = split_article(article)
    cited = list(
        dict.fromkeys(key for passage in passages for sentence in passage.sentences for key in sentence.sources)
    )
    body = [
        '<p class="kicker">From the library</p>',
        f"<h1>{escape(article.front.title)}</h1>",
        f'<p class="summary">{escape(article.front.summary)}</p>',
    ]
    for heading, parts in groupby(passages, key=lambda passage: passage.section):
        body.append(f"<section>\n<h2>{escape(heading)}</h2>")
        body += [_paragraph(passage, cited) for passage in parts]
        body.append("</section>")
    if cited:
        body.append(_source_list([(key, sources[key]) for key in cited]))
    body.append(f'<p class="review">Counts as checked until {article.front.review_by:%-d %B %Y}.</p>')
    return _PAGE.format(title=escape(article.front.title), body="\n".join(body))


def missing_page() -> str:
    """What stands where no article is."""
    body = '<h1>No such article</h1>\n<p>The library has no article of this name. <a href="../">Ask a question</a> instead.</p>'
    return _PAGE.format(title="No such article", body=body)


def _paragraph(passage: Passage, cited: Sequence[str]) -> str:
    anchor = passage.id.partition("#")[2]
    sentences = []
    for number, sentence in enumerate(passage.sentences, 1):
        marks = "".join(_mark(cited.index(key) + 1) for key in sentence.sources)
        sentences.append(f'<span class="sentence" id="{escape(anchor)}.{number}">{escape(sentence.text)}</span>{marks}')
    return f"<p>{' '.join(sentences)}</p>"


def _mark(number: int) -> str:
    return f'<sup><a href="#source-{number}" aria-label="Source {number}">{number}</a></sup>'


def _source_list(sources: Sequence[tuple[str, dict[str, Any]]]) -> str:
    items = []
    for number, (_, source) in enumerate(sources, 1):
        year = f" ({source['year']})" if "year" in source else ""
        read = f" Read: {escape(str(source['read']))}." if "read" in source else ""
        where = f' <span class="where">{escape(str(source["where"]))}.{read}</span>' if "where" in source else ""
        items.append(f'<li id="source-{number}">{escape(str(source["title"]))}{year}.{where}</li>')
    return "<section>\n<h2>Sources</h2>\n<ol>\n" + "\n".join(items) + "\n</ol>\n</section>"
