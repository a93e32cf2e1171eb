"""The house file (`company.toml`, optional): who to turn to and which programmes a company has."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from assistant.domain import Contact, Sensitive
from assistant.errors import HouseError

ProgrammeKind = Literal["coach", "mentor"]
# For each of these the house should name somebody, or people in need read neutral words only.
NEEDED: tuple[Sensitive, ...] = ("danger", "counselling", "hr")

_TABLES = ("company", "contacts", "programmes", "definitions")
_KEYS = {
    "company": ("name",),
    "contacts": ("matters", "name", "how", "country"),
    "programmes": ("kind", "name", "for", "length", "how", "link"),
    "definitions": ("coach", "mentor"),
}
_OPTIONAL = {"country", "length", "link"}


@dataclass(frozen=True)
class HouseContact:
    """Somebody to turn to in these matters; `country` is a name or code, None where it is for everybody."""

    matters: tuple[Sensitive, ...]
    name: str
    how: str
    country: str | None = None


@dataclass(frozen=True)
class Programme:
    """Coaching or mentoring that the house offers: for whom, how long, how to ask, and a link where there is one."""

    kind: ProgrammeKind
    name: str
    audience: str
    how: str
    length: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class House:
    """What a company says of itself; empty when it has no house file."""

    name: str = ""
    contacts: tuple[HouseContact, ...] = ()
    programmes: tuple[Programme, ...] = ()
    definitions: tuple[tuple[ProgrammeKind, str], ...] = ()

    def contacts_for(self, matter: Sensitive) -> tuple[Contact, ...]:
        """The contacts for a matter, those for everybody first."""
        fitting = sorted((c for c in self.contacts if matter in c.matters), key=lambda c: c.country or "")
        return tuple(Contact(f"{c.name} ({c.country})" if c.country else c.name, c.how) for c in fitting)

    def programmes_for(self, kind: ProgrammeKind) -> tuple[Programme, ...]:
        """The programmes of one kind, in the order of the file."""
        return tuple(programme for programme in self.programmes if programme.kind == kind)

    def definition_of(self, kind: ProgrammeKind) -> str | None:
        """What the house itself calls a coach or a mentor, if it says so."""
        return dict(self.definitions).get(kind)

    @property
    def missing(self) -> tuple[Sensitive, ...]:
        """The matters for which it names nobody."""
        return tuple(matter for matter in NEEDED if not any(matter in c.matters for c in self.contacts))


def read_house(file: Path) -> House:
    """The house file. Raises HouseError with file, line and what to change, at the first thing that is wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HouseError(f"The house file {file} cannot be read: {error}.") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise HouseError(f"{file}:{line[1] if line else 1}: not TOML ({error}).") from error
    return _Reader(file, text).house(data)


class _Reader:
    """Checks what TOML has read, and finds the line for what is wrong."""

    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._lines = text.splitlines()

    def house(self, data: dict[str, Any]) -> House:
        for key in data:
            if key not in _TABLES:
                raise self._error(rf"\[*\s*{re.escape(key)}\b", f"{key!r} is none of {', '.join(_TABLES)}")
        company = self._table("company", data.get("company", {}), 0)
        definitions = self._table("definitions", data.get("definitions", {}), 0, required=False)
        return House(
            name=company.get("name", "") if "company" in data else "",
            contacts=tuple(self._contact(entry, n) for n, entry in enumerate(self._list("contacts", data))),
            programmes=tuple(self._programme(entry, n) for n, entry in enumerate(self._list("programmes", data))),
            definitions=tuple((kind, definitions[kind]) for kind in get_args(ProgrammeKind) if kind in definitions),
        )

    def _list(self, name: str, data: dict[str, Any]) -> list[Any]:
        entries = data.get(name, [])
        if not isinstance(entries, list):
            raise self._error(rf"\[\s*{name}\b", f"write [[{name}]] in double brackets, one for each")
        return entries

    def _contact(self, entry: Any, number: int) -> HouseContact:
        matters = entry.pop("matters", None) if isinstance(entry, dict) else None
        if not isinstance(matters, list) or not matters or any(matter not in NEEDED for matter in matters):
            problem = f"matters must be a list of {', '.join(NEEDED)}"
            raise self._error("matters", problem, "contacts", number)
        values = self._table("contacts", entry, number)
        return HouseContact(tuple(matters), values["name"], values["how"], values.get("country"))

    def _programme(self, entry: Any, number: int) -> Programme:
        values = self._table("programmes", entry, number)
        if values["kind"] not in get_args(ProgrammeKind):
            raise self._error("kind", f"kind must be coach or mentor, not {values['kind']!r}", "programmes", number)
        link = values.get("link")
        if link is not None and not link.startswith(("https://", "http://", "mailto:")):
            raise self._error("link", f"link {link!r} must begin with https://", "programmes", number)
        kind: ProgrammeKind = "coach" if values["kind"] == "coach" else "mentor"
        return Programme(kind, values["name"], values["for"], values["how"], values.get("length"), link)

    def _table(self, name: str, table: Any, number: int, required: bool = True) -> dict[str, str]:
        if not isinstance(table, dict):
            raise self._error(name, f"{name} must be a table", name, number)
        for key, value in table.items():
            if key not in _KEYS[name]:
                raise self._error(key, f"{key!r} is none of {', '.join(_KEYS[name])}", name, number)
            if not isinstance(value, str) or not value.strip():
                raise self._error(key, f"{key} must be a text that is not empty", name, number)
        for key in _KEYS[name]:
            if required and table and key not in table and key not in _OPTIONAL and key != "matters":
                raise self._error("", f"{key} is missing", name, number)
        return {key: " ".join(value.split()) for key, value in table.items()}

    def _error(self, key: str, problem: str, table: str = "", number: int = 0) -> HouseError:
        """The error with the line of `key` in the table's `number`th part, or of that part where there is no key."""
        start = 0
        if table:
            heads = [n for n, line in enumerate(self._lines) if re.match(rf"\s*\[+\s*{table}\b", line)]
            start = heads[number] if number < len(heads) else 0
        pattern = re.compile(rf"\s*{key}" if not table else rf"\s*{re.escape(key)}\s*=" if key else r".*")
        rest = range(start, len(self._lines))
        line = next((n for n in rest if pattern.match(self._lines[n])), start)
        return HouseError(f"{self._file}:{line + 1}: {problem}.")
