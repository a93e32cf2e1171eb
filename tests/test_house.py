"""The house file: what it gives to people in need, and every mistake in it named with file, line and what to change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assistant import cli
from assistant.domain import Sensitive
from assistant.errors import HouseError, SettingsError
from assistant.house import NEEDED, House, read_house
from assistant.judgement.screen import help_for
from assistant.settings import PREFIX

EXAMPLE = Path(__file__).parent.parent / "company.example.toml"

CONTACT = """\
[[contacts]]
matters = ["hr"]
name = "Speak-up line"
how = "call 2100"
"""
PROGRAMME = """\
[[programmes]]
kind = "coach"
name = "Six sessions"
for = "everybody"
how = "ask HR"
"""

Run = Callable[..., Result]


@pytest.fixture
def house_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house file that is not written yet, in the working folder."""
    monkeypatch.chdir(tmp_path)
    return Path("company.toml")


@pytest.fixture
def read(house_file: Path) -> Callable[[str], House]:
    """Reads a text as the house file."""

    def call(text: str) -> House:
        house_file.write_text(text, encoding="utf-8")
        return read_house(house_file)

    return call


@pytest.fixture
def run(house_file: Path) -> Run:
    """Runs a command in the folder of the house file, with settings given by name."""

    def call(*arguments: str, **settings: object) -> Result:
        env = {PREFIX + name.upper(): str(value) for name, value in settings.items()}
        return CliRunner().invoke(cli.main, arguments, env=env)

    return call


def mistakes(read: Callable[[str], House], text: str) -> list[str]:
    with pytest.raises(HouseError) as caught:
        read(text)
    return str(caught.value).splitlines()


# What it holds


def test_the_example_is_good_and_complete() -> None:
    house = read_house(EXAMPLE)
    assert house.name == "Example Works"
    assert house.missing == ()
    for kind in ("coach", "mentor"):
        [programme] = house.programmes_for(kind)
        assert programme.audience.startswith("everybody")
        assert programme.length
        assert programme.link
        assert house.definition_of(kind)


def test_an_empty_house_is_nothing_to_complain_of_but_names_nobody(read: Callable[[str], House]) -> None:
    assert read("") == House()
    assert House().name == ""
    assert House().missing == NEEDED
    assert House().programmes_for("coach") == ()
    assert House().definition_of("mentor") is None


def test_contacts_for_everybody_come_before_those_of_a_country() -> None:
    names = [contact.name for contact in read_house(EXAMPLE).contacts_for("danger")]
    assert names == ["Employee assistance", "Emergency services (Germany)", "Emergency services (United States)"]


def test_contacts_of_the_same_rank_keep_the_order_of_the_file() -> None:
    names = [contact.name for contact in read_house(EXAMPLE).contacts_for("hr")]
    assert names == ["Speak-up line", "HR, people desk"]


def test_one_definition_may_stand_alone(read: Callable[[str], House]) -> None:
    house = read('[definitions]\nmentor = "a colleague from elsewhere"\n')
    assert house.definition_of("mentor") == "a colleague from elsewhere"
    assert house.definition_of("coach") is None


def test_a_text_over_several_lines_becomes_one_line(read: Callable[[str], House]) -> None:
    house = read('[company]\nname = """\n  Example\n    Works """\n')
    assert house.name == "Example Works"


def test_a_file_saved_on_windows_is_read(house_file: Path) -> None:
    house_file.write_bytes(b"\xef\xbb\xbf" + CONTACT.replace("\n", "\r\n").encode())
    assert read_house(house_file).contacts_for("hr")[0].how == "call 2100"


def test_a_house_cannot_be_changed_once_it_is_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_house(EXAMPLE).contacts[0].name = "Somebody else"


# Help for a sensitive matter


def test_help_shows_the_contacts_of_the_house(read: Callable[[str], House]) -> None:
    [contact] = help_for("hr", read(CONTACT)).contacts
    assert (contact.name, contact.how) == ("Speak-up line", "call 2100")


@pytest.mark.parametrize("matter", NEEDED)
def test_without_a_house_file_help_names_general_contacts(matter: Sensitive) -> None:
    assert help_for(matter, House()).contacts


def test_help_falls_back_to_general_contacts_for_a_matter_that_the_house_leaves_out(
    read: Callable[[str], House],
) -> None:
    house = read(CONTACT)
    assert house.missing == ("danger", "counselling")
    assert help_for("danger", house) == help_for("danger", House())
    assert help_for("hr", house).text == help_for("hr", House()).text


# Mistakes in it


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[compny]\n", "1: 'compny' is none of company, contacts, programmes, definitions."),
        ("\n[company]\nnam = 'x'\nname = 'x'\n", "3: 'nam' is none of name."),
        (CONTACT + "fon = '1'\n", "5: 'fon' is none of matters, name, how, country."),
        (PROGRAMME + "audience = 'x'\n", "6: 'audience' is none of kind, name, for, how, length, link."),
        ("[company]\nname = 7\n", "2: name must be a text in quotation marks."),
        (CONTACT + "country = ['DE']\n", "5: country must be a text in quotation marks."),
        ("[company]\n", "1: name is missing."),
        (CONTACT + CONTACT.replace("how", "# how"), "5: how is missing."),
        (PROGRAMME.replace("for =", "# for ="), "1: for is missing."),
        (CONTACT.replace("call 2100", " \\n "), "4: how is blank."),
        ("[definitions]\ncoach = ''\n", "2: coach is blank."),
        (CONTACT.replace("hr", "boss"), "2: matters must be 'danger', 'hr' or 'counselling', not 'boss'."),
        (CONTACT.replace("[", "", 3).replace("]", "", 3), "1: "),
        (CONTACT.replace('["hr"]', "[]"), "2: write matters as a list of one or more of danger, counselling, hr."),
        (CONTACT.replace('["hr"]', '"hr"'), "2: write matters as a list of one or more of danger, counselling, hr."),
        (PROGRAMME.replace("coach", "guru"), "2: kind must be 'coach' or 'mentor', not 'guru'."),
        (CONTACT.replace("[[contacts]]", "[contacts]"), "1: write [[contacts]] in double brackets, one for each."),
        (
            PROGRAMME.replace("[[programmes]]", "[programmes]"),
            "1: write [[programmes]] in double brackets, one for each.",
        ),
        ("contacts = ['HR']\n", "1: write [[contacts]] in double brackets, one for each."),
        ("[[company]]\nname = 'x'\n", "1: write [company], once."),
        ("\ndefinitions = 'x'\n", "2: write [definitions], once."),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_change(
    read: Callable[[str], House], text: str, mistake: str
) -> None:
    [said] = mistakes(read, text)
    assert said.startswith(f"company.toml:{mistake}")
