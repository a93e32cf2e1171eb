"""Settings come from the environment and `.env`; what cannot be used is named in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a `.env`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_setting_there_is_a_library_and_a_local_address() -> None:
    settings = read_settings()
    assert (settings.corpus_dir / "articles").is_dir()
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)


def test_a_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_OR_MENTOR_PORT", "9000")
    monkeypatch.setenv("COACH_OR_MENTOR_DATA_DIR", "somewhere")
    assert read_settings().port == 9000
    assert read_settings().data_dir == Path("somewhere")


def test_a_setting_is_read_from_the_env_file_and_the_environment_wins(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("COACH_OR_MENTOR_PORT=9001\nCOACH_OR_MENTOR_HOST=::1\n", encoding="utf-8")
    monkeypatch.setenv("COACH_OR_MENTOR_PORT", "9002")
    assert read_settings().host == "::1"
    assert read_settings().port == 9002


@pytest.mark.parametrize("value", ["many", "-1", "70000"])
def test_a_bad_value_is_reported_with_key_and_value_in_one_line(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("COACH_OR_MENTOR_PORT", value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    message = str(caught.value)
    assert f"COACH_OR_MENTOR_PORT={value!r}" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    default = getattr(read_settings(), name)
    monkeypatch.setenv(f"COACH_OR_MENTOR_{name.upper()}", "")
    assert getattr(read_settings(), name) == default


def test_a_bad_value_in_the_env_file_is_reported_too(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("COACH_OR_MENTOR_PORT=many\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="COACH_OR_MENTOR_PORT='many'"):
        read_settings()


def test_a_setting_that_does_not_exist_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_OR_MENTOR_COLOUR", "red")
    with pytest.raises(SettingsError, match="COACH_OR_MENTOR_COLOUR='red'"):
        read_settings()


def test_a_setting_that_does_not_exist_is_refused_in_the_env_file_too(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("SOMEBODY_ELSES=1\nCOACH_OR_MENTOR_COLOUR=red\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="COACH_OR_MENTOR_COLOUR='red'"):
        read_settings()


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description and field.description.endswith(".") for field in Settings.model_fields.values())
