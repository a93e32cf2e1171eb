"""The library's articles: Markdown with front matter, read and checked (`corpus/README.md` has the form)."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from langchain_core.documents import Document
from langchain_text_splitters import MarkdownHeaderTextSplitter
from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import LibraryError


class FrontMatter(BaseModel):
    """What stands above an article. `questions` maps a heading to the ways in which people ask for it."""

    model_config = ConfigDict(extra="forbid")

    title: str
    summary: str
    questions: dict[str, list[str]]
    claims: list[str]
    sources: list[str]
    owner: str
    review_by: datetime.date


@dataclass(frozen=True)
class Article:
    """One file of the library. `sections` are LangChain documents: metadata `section`, content Markdown."""

    slug: str
    front: FrontMatter
    sections: tuple[Document, ...]


def slugify(heading: str) -> str:
    """A heading as it stands in an id: lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def read_articles(corpus: Path) -> list[Article]:
    """All articles of the library in `corpus/articles`, by file name.

    Raises LibraryError, naming file and line, for anything that is not as `corpus/README.md` asks.
    """
    files = article_files(corpus)
    if not files:
        raise LibraryError(
            f"No article found in {corpus / 'articles'}: set COACH_OR_MENTOR_CORPUS_DIR to the library's folder."
        )
    sources = set(read_list(corpus / "sources.toml"))
    claims = set(read_list(corpus / "claims.toml"))
    return [read_article(file, sources, claims) for file in files]


def article_files(corpus: Path) -> list[Path]:
    """The files of the articles in order; what an editor or a system keeps beside them (`.#article.md`) is none."""
    return sorted(file for file in (corpus / "articles").glob("*.md") if not file.name.startswith("."))


def read_list(file: Path) -> dict[str, dict[str, Any]]:
    """The tables of a TOML list beside the articles (sources, claims) by key."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LibraryError(f"{file}: cannot be read ({error}).") from error


def read_article(file: Path, sources: set[str], claims: set[str]) -> Article:
    """One article; `sources` and `claims` are the keys it may name. Raises LibraryError with file and line."""
    if file.stem != slugify(file.stem):
        raise LibraryError(f"{file}: name it with small letters, digits and hyphens only: {slugify(file.stem)}.md.")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LibraryError(f"{file}: cannot be read ({error}).") from error
    lines = text.splitlines()

    def fail(line: int, what: str) -> LibraryError:
        return LibraryError(f"{file}:{line}: {what}")

    def line_of(start: str) -> int:
        return next((number for number, line in enumerate(lines, 1) if line.strip().strip("\"'").startswith(start)), 1)

    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        raise fail(
            1, "the front matter is missing: begin the file with a line '---' and end the front matter with another."
        )
    end = lines.index("---", 1)
    try:
        front = FrontMatter.model_validate(yaml.safe_load("\n".join(lines[1:end])))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)  # a character that YAML forbids comes without
        problem = getattr(error, "problem", None) or getattr(error, "reason", "unreadable")
        raise fail(mark.line + 2 if mark else 1, f"the front matter is not valid YAML ({problem}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        raise fail(line_of(f"{key}:"), f"front matter, {key or 'all'}: {first['msg'].lower()}.") from error

    for known, named, where in ((sources, front.sources, "sources"), (claims, front.claims, "claims")):
        for name in named:
            if name not in known:
                raise fail(line_of(f"{where}:"), f"'{name}' is not in {where}.toml.")

    splitter = MarkdownHeaderTextSplitter([("##", "section")])
    sections = splitter.split_text("\n".join(lines[end + 1 :]))
    headings = [document.metadata.get("section", "") for document in sections]
    if not headings or "" in headings:
        raise fail(end + 2, "text stands outside a section: give each section a heading with '## '.")
    # Read from the lines: the splitter joins two sections in a row that have one heading. Compared as ids are made.
    slugs: set[str] = set()
    for number, line in enumerate(lines[end + 1 :], end + 2):
        if line.startswith("## "):
            if slugify(line) in slugs:
                raise fail(number, f"the heading '{line.removeprefix('## ').strip()}' stands twice.")
            slugs.add(slugify(line))
    for heading in front.questions:
        if heading not in headings:
            raise fail(line_of(heading), f"questions: '{heading}' is not a heading of this article.")
    return Article(file.stem, front, tuple(sections))
