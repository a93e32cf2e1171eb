"""The house file (`company.toml`, optional): who to turn to and which programmes a company has."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from assistant.domain import Contact, Sensitive
from assistant.errors import HouseError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ProgrammeKind = Literal["coach", "mentor"]
# For each of these the house should name somebody, or people in need read neutral words only.
NEEDED: tuple[Sensitive, ...] = ("danger", "counselling", "hr")

# A text that is not blank, made one line; and an address that is safe to open.
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(lambda text: " ".join(text.split()))
]
Link = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(https?://|mailto:)[^\s/]\S*$")]


def _not_empty(matters: tuple[Sensitive, ...]) -> tuple[Sensitive, ...]:
    if not matters:
        raise ValueError
    return matters


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Company(_Table):
    """What the company calls itself."""

    name: Text


class HouseContact(_Table):
    """Somebody to turn to in these matters; `country` is a name or code, None where it is for everybody."""

    matters: Annotated[tuple[Sensitive, ...], AfterValidator(_not_empty)]
    name: Text
    how: Text
    country: Text | None = None


class Programme(_Table):
    """Coaching or mentoring that the house offers: for whom, how long, how to ask, and a link where there is one."""

    kind: ProgrammeKind
    name: Text
    audience: Text = Field(alias="for")
    how: Text
    length: Text | None = None
    link: Link | None = None


class Definitions(_Table):
    """What the two words mean in this house."""

    coach: Text | None = None
    mentor: Text | None = None


class House(_Table):
    """What a company says of itself; empty when it has no house file."""

    company: Company | None = None
    contacts: tuple[HouseContact, ...] = ()
    programmes: tuple[Programme, ...] = ()
    definitions: Definitions = Definitions()

    @property
    def name(self) -> str:
        """What the company calls itself, or nothing."""
        return self.company.name if self.company else ""

    @property
    def missing(self) -> tuple[Sensitive, ...]:
        """The matters for which it names nobody."""
        return tuple(matter for matter in NEEDED if not self.contacts_for(matter))

    def contacts_for(self, matter: Sensitive) -> tuple[Contact, ...]:
        """The contacts for a matter, those for everybody first, then by country."""
        fitting = sorted((c for c in self.contacts if matter in c.matters), key=lambda c: c.country or "")
        return tuple(Contact(f"{c.name} ({c.country})" if c.country else c.name, c.how) for c in fitting)

    def programmes_for(self, kind: ProgrammeKind) -> tuple[Programme, ...]:
        """The programmes of one kind, in the order of the file."""
        return tuple(programme for programme in self.programmes if programme.kind == kind)

    def definition_of(self, kind: ProgrammeKind) -> str | None:
        """What the house itself calls a coach or a mentor, if it says so."""
        return self.definitions.coach if kind == "coach" else self.definitions.mentor


_TABLES: dict[int | str, type[_Table]]
_TABLES = {"company": Company, "contacts": HouseContact, "programmes": Programme, "definitions": Definitions}
# What to change, for pydantic's types of error, and how the thing is written where its form is wrong.
_WORDS = {
    "missing": "{key} is missing",
    "extra_forbidden": "{key!r} is none of {known}",
    "string_type": "{key} must be a text in quotation marks",
    "string_too_short": "{key} is blank",
    "string_pattern_mismatch": "{key} must begin with https://, http:// or mailto:, not {input!r}",
    "literal_error": "{key} must be {expected}, not {input!r}",
    "model_type": "write {form}",
    "tuple_type": "write {form}",
    "value_error": "write {form}",
}
_FORMS = {
    "company": "[company], once",
    "contacts": "[[contacts]] in double brackets, one for each",
    "programmes": "[[programmes]] in double brackets, one for each",
    "definitions": "[definitions], once",
    "matters": f"matters as a list of one or more of {', '.join(NEEDED)}",
}


def read_house(file: Path) -> House:
    """The house file. Raises HouseError with a line for everything that is wrong: file, line and what to change."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise HouseError(f"{file}: the house file cannot be read: {(error.strerror or str(error)).lower()}.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise HouseError(f"{file}:{line}: this line is not UTF-8; save the file in that encoding.") from error
    try:
        return House.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise HouseError(f"{file}:{found[1] if found else len(text.splitlines())}: not TOML: {error}.") from error
    except ValidationError as error:
        lines = _lines(text)
        problems = []
        for problem in error.errors():
            place = problem["loc"]
            while place not in lines:  # what is missing is said of its table
                place = place[:-1]
            problems.append((lines[place], _words_for(problem)))
        raise HouseError("\n".join(f"{file}:{line}: {words}." for line, words in sorted(problems))) from error


def _lines(text: str) -> dict[tuple[int | str, ...], int]:
    """The line in which each table and key begins. TOML does not tell, so this reads one statement after the other."""
    lines: dict[tuple[int | str, ...], int] = {(): 1}
    table: tuple[int | str, ...] = ()
    count = Counter[str]()
    statement = ""
    for number, line in enumerate(text.split("\n"), 1):
        begins = number - statement.count("\n")
        statement += f"{line}\n"
        try:
            read = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a value that goes on in the next line
        is_head = statement.lstrip().startswith("[")
        statement = ""
        for key, value in read.items():
            if is_head:
                table = (key, count[key]) if isinstance(value, list) else (key,)
                count[key] += 1
                lines.setdefault((key,), begins)
            lines.setdefault(table if is_head else (*table, key), begins)
    return lines


def _words_for(problem: ErrorDetails) -> str:
    """What to change, in the words of the file."""
    table, key = problem["loc"][0], [part for part in problem["loc"] if isinstance(part, str)][-1]
    fields = (House if key == table else _TABLES[table]).model_fields
    known = ", ".join(field.alias or name for name, field in fields.items())
    words = _WORDS.get(problem["type"], "{key}: {msg}")
    return words.format(**problem, **problem.get("ctx", {}), key=key, known=known, form=_FORMS.get(key, key))
