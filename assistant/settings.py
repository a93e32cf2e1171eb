"""Every setting with its default and meaning, read once from the environment and `.env`; nothing is built here."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values
from platformdirs import user_cache_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import SettingsError

PREFIX = "COACH_OR_MENTOR_"


def packaged(name: str) -> Path:
    """A folder or file that a wheel carries inside the package and a checkout beside it."""
    inside = Path(__file__).parent / name
    return inside if inside.exists() else Path(__file__).parent.parent / name


class Settings(BaseSettings):
    """The settings, each from the variable `COACH_OR_MENTOR_` + its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    corpus_dir: Path = Field(
        default_factory=lambda: packaged("corpus"),
        description="The library: a folder with articles/, sources.toml and claims.toml.",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_cache_path("coach-or-mentor"),
        description="Where the index is kept. It holds the library only, never what anybody types.",
    )
    prompts_dir: Path = Field(
        default_factory=lambda: packaged("prompts"),
        description="By what is judged, and the words on the card: a folder with criteria.toml.",
    )
    house_file: Path | None = Field(
        None, description="The house file (company.toml) with contacts and programmes; none by default."
    )
    host: str = Field("127.0.0.1", description="The address that `serve` listens on.")
    port: int = Field(7860, ge=0, le=65535, description="The port that `serve` listens on; 0 takes any free one.")

    @property
    def is_local(self) -> bool:
        """Whether only this computer can reach the address that `serve` listens on."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


def read_settings() -> Settings:
    """The settings in force. Raises SettingsError naming key and value for the first bad or unknown one."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for key, value in {**dotenv_values(".env"), **os.environ}.items():
        if key.upper().startswith(PREFIX) and key.upper() not in known:
            raise SettingsError(f"{key}={value!r} is no setting: 'coach-or-mentor settings' lists them all.")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        key = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"{key}={first['input']!r} cannot be used: {first['msg'].lower()}.") from error
