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
        read_house(EXAMPLE).contacts[0].name = "Somebody else"  # type: ignore[misc]


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
        (CONTACT.replace('"hr"', '"hr", 1'), "2: matters must be 'danger', 'hr' or 'counselling', not 1."),
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


@pytest.mark.parametrize("link", ["https://intranet.example.com/a?b=c", "http://intranet/a", "mailto:hr@example.com"])
def test_a_link_to_a_page_or_an_address_is_kept(read: Callable[[str], House], link: str) -> None:
    [programme] = read(f"{PROGRAMME}link = '{link}'\n").programmes
    assert programme.link == link


@pytest.mark.parametrize(
    "link", ["intranet/a", "javascript:alert(1)", "data:text/html,x", "https://", "https://a b", ""]
)
def test_any_other_link_is_refused(read: Callable[[str], House], link: str) -> None:
    said = mistakes(read, f"{PROGRAMME}link = '{link}'\n")
    assert said == [f"company.toml:6: link must begin with https://, http:// or mailto:, not '{link}'."]


def test_all_mistakes_are_named_at_once_in_the_order_of_the_lines(read: Callable[[str], House]) -> None:
    text = CONTACT.replace("hr", "boss") + PROGRAMME.replace("everybody", " ") + "[compny]\n" + CONTACT + "x = 1\n"
    assert [said.split(":")[1] for said in mistakes(read, text)] == ["2", "8", "10", "15"]


def test_lines_are_right_after_values_that_go_on_and_look_like_tables(read: Callable[[str], House]) -> None:
    text = (
        '[company]\nname = """\n[[contacts]]\nhow = 1\n"""\n\n# [[contacts]]\n'
        '[[contacts]]\nmatters = [\n  "hr", # [[contacts]]\n]\n"name" = "x"\nhow = "x"\nhwo = 1\n'
    )
    assert [said.split(":")[1] for said in mistakes(read, text)] == ["14"]


@pytest.mark.parametrize(
    ("text", "line"), [("[company]\nname = Example\n", 2), ("[company\n", 1), ("a\n", 1), (CONTACT + "how = ''\n", 5)]
)
def test_what_is_not_toml_is_named_with_its_line(read: Callable[[str], House], text: str, line: int) -> None:
    [said] = mistakes(read, text)
    assert said.startswith(f"company.toml:{line}: not TOML: ")


def test_a_text_that_never_ends_is_one_line(read: Callable[[str], House]) -> None:
    [said] = mistakes(read, '[company]\nname = """Example\n')
    assert said.startswith("company.toml:2: not TOML: ")


def test_a_file_in_another_encoding_is_named_with_the_line(house_file: Path) -> None:
    house_file.write_bytes("[company]\nname = 'Bäcker'\n".encode("latin-1"))
    with pytest.raises(HouseError, match=r"^company\.toml:2: .*UTF-8"):
        read_house(house_file)


def test_a_file_that_cannot_be_read_is_named(house_file: Path) -> None:
    with pytest.raises(HouseError, match=r"^company\.toml: .*no such file"):
        read_house(house_file)
    house_file.mkdir()
    with pytest.raises(HouseError, match=r"^company\.toml: .*directory"):
        read_house(house_file)


# The command


def test_check_says_what_the_house_has(run: Run) -> None:
    result = run("house", "check", str(EXAMPLE))
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        f"{EXAMPLE} is in order: Example Works",
        "  danger: Employee assistance; Emergency services (Germany); Emergency services (United States)",
        "  counselling: Employee assistance",
        "  hr: Speak-up line; HR, people desk",
        "  coach: Six sessions",
        "  mentor: Walk along",
    ]


def test_check_reads_the_file_that_is_set_and_without_one_company_toml(run: Run, house_file: Path) -> None:
    house_file.write_text(CONTACT, encoding="utf-8")
    assert run("house", "check").stdout.startswith("company.toml is in order")
    assert run("house", "check", house_file=EXAMPLE).stdout.startswith(f"{EXAMPLE} is in order")
    assert run("house", "check", str(house_file), house_file=EXAMPLE).stdout.startswith("company.toml is in order")


def test_check_warns_of_the_matters_for_which_the_house_names_nobody(run: Run, house_file: Path) -> None:
    house_file.write_text(CONTACT, encoding="utf-8")
    result = run("house", "check")
    assert result.exit_code == 0
    assert "  danger: nobody\n  counselling: nobody\n  hr: Speak-up line\n" in result.stdout
    [warning] = result.stderr.splitlines()
    assert "names nobody for danger and counselling" in warning
    assert 'matters = ["danger", "counselling"]' in warning


def test_check_prints_every_mistake_in_a_line_and_ends_with_2(run: Run, house_file: Path) -> None:
    house_file.write_text(CONTACT.replace("hr", "boss") + "x = 1\n", encoding="utf-8")
    result = run("house", "check")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.split(" ")[0] for line in result.stderr.splitlines()] == ["company.toml:2:", "company.toml:5:"]


def test_check_of_a_file_that_is_not_there_ends_with_2(run: Run) -> None:
    result = run("house", "check", "nowhere.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("nowhere.toml: ")


# What `serve` says of it


@pytest.fixture
def serve(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Starts `serve` up to where the long work begins."""

    def stop() -> None:
        raise SettingsError("far enough")

    monkeypatch.setattr(cli, "_assistant", stop)
    return lambda **settings: run("serve", port=0, **settings)


def test_serve_without_a_house_file_says_what_people_will_read_and_how_to_mend_it(serve: Run) -> None:
    warning, end = serve().stderr.splitlines()
    assert warning.startswith("Warning: there is no house file")
    for matter in NEEDED:
        assert all(contact.name in warning for contact in help_for(matter, House()).contacts)
    assert f"{PREFIX}HOUSE_FILE=company.toml" in warning
    assert end.endswith("far enough")


def test_serve_warns_of_a_matter_for_which_the_house_names_nobody(serve: Run, house_file: Path) -> None:
    house_file.write_text(CONTACT.replace('"hr"', '"hr", "danger"'), encoding="utf-8")
    warning, _ = serve(house_file=house_file).stderr.splitlines()
    assert "company.toml names nobody for counselling, so people" in warning
    assert "A doctor" in warning
    assert "HR" not in warning


def test_serve_with_a_complete_house_does_not_warn(serve: Run) -> None:
    assert serve(house_file=EXAMPLE).stderr == "coach-or-mentor: far enough\n"


def test_serve_names_a_mistake_in_the_house_file_before_the_long_work(serve: Run, house_file: Path) -> None:
    house_file.write_text("[compny]\n", encoding="utf-8")
    result = serve(house_file=house_file)
    assert result.exit_code == 2
    assert "company.toml:1: 'compny'" in result.stderr
    assert "far enough" not in result.stderr


def test_the_example_is_printed_to_begin_with() -> None:
    done = CliRunner().invoke(cli.main, ["house", "example"])
    assert done.exit_code == 0
    assert done.stdout == EXAMPLE.read_text(encoding="utf-8")
