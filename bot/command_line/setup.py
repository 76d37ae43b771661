"""`python -m bot setup`: asks for what a bot needs, tries it, and writes it into `.env`."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot import logs
from bot.command_line.check import check_generator
from bot.command_line.findings import Wrong
from bot.command_line.telegram_check import check_telegram
from bot.errors import Problem, SettingsProblem
from bot.runtime.installation import command_for
from bot.settings import Settings, read_settings

ENV_FILE = Path(".env")
OWNER_ALONE = 0o600
"""Mode of `.env`: it holds the token."""

Trial = Callable[[Settings], Awaitable[str]]

MODELS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "1": ("the small model inside this program (to try it out)", ()),
    "2": ("an Aura server (openchat's /api/chat)", ("AURA_URL", "AURA_KEY")),
    "3": (
        "an OpenAI-compatible endpoint (Ollama, vLLM, llama.cpp, OpenRouter …)",
        ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"),
    ),
    "4": ("a GGUF file on this computer", ("LOCAL_MODEL",)),
}
"""Kinds of models by the number that chooses them, each with the settings it needs."""

_EXPLAINED = {
    "AURA_URL": "Address of the server",
    "AURA_KEY": "Its key, if it wants one",
    "OPENAI_BASE_URL": "Base URL (Ollama: http://127.0.0.1:11434/v1, OpenRouter: https://openrouter.ai/api/v1)",
    "OPENAI_API_KEY": "API key, if it wants one",
    "OPENAI_MODEL": "Name of the model",
    "LOCAL_MODEL": "Path of the file",
}


@dataclass(frozen=True, slots=True)
class Terminal:
    """The person at the keyboard. `ask` and `ask_secretly` raise EOFError where nobody is there."""

    ask: Callable[[str], str] = input
    ask_secretly: Callable[[str], str] = getpass.getpass
    tell: Callable[[str], None] = field(default=lambda line: print(line, flush=True))  # noqa: T201  # what this command is for

    async def answer(self, question: str) -> str:
        """Ask, and give the answer without blanks around it."""
        secret = "key" in question.lower() or "token" in question.lower()
        return (await asyncio.to_thread(self.ask_secretly if secret else self.ask, f"{question}: ")).strip()


async def run(
    terminal: Terminal | None = None,
    env_file: Path = ENV_FILE,
    trials: tuple[Trial, Trial] = (check_telegram, check_generator),
) -> int:
    """Ask, try and write. Returns 0, or 1 where nobody answers; then nothing is written."""
    terminal = terminal or Terminal()
    logs.set_up_logging(level="ERROR", form="text", secrets=[])
    of_telegram, of_generator = trials
    try:
        values = await _ask_until_it_works(terminal, _ask_token, of_telegram)
        values |= await _ask_until_it_works(terminal, _ask_admin, None)
        values |= await _ask_until_it_works(terminal, _ask_model, of_generator)
    except EOFError:
        terminal.tell("Nothing was written: there is nobody at the keyboard. See .env.example for every setting.")
        return 1
    _write(env_file, values)
    start, trial = command_for("run"), command_for("doctor")
    terminal.tell(f"Written to {env_file}. `{start}` starts the bot; `{trial}` tries everything again.")
    return 0


async def _ask_until_it_works(
    terminal: Terminal, ask: Callable[[Terminal], Awaitable[dict[str, str]]], trial: Trial | None
) -> dict[str, str]:
    """Ask for some values and try them, again and again until they work or the person keeps them as they are."""
    while True:
        values = await ask(terminal)
        try:
            settings = read_settings(None, {name: value for name, value in values.items() if value})
            if trial is not None:
                terminal.tell(f"  works: {await trial(settings)}")
        except SettingsProblem as problem:
            terminal.tell(f"  {problem}")
        except (Wrong, Problem) as problem:
            terminal.tell(f"  does not work: {problem}")
            if (await terminal.answer("Keep it all the same? [y/N]")).lower() in {"y", "yes"}:
                return values
        else:
            return values


async def _ask_token(terminal: Terminal) -> dict[str, str]:
    terminal.tell("1. The bot. Write to @BotFather in Telegram, send /newbot, and copy the token here.")
    return {"BOT_TOKEN": await terminal.answer("Token (it is not shown; empty: only the playground)")}


async def _ask_admin(terminal: Terminal) -> dict[str, str]:
    terminal.tell(
        "2. The admin. Type your numeric Telegram id, if you know it. Otherwise leave this empty: the log of the first "
        "start shows a link that makes you the admin."
    )
    return {"ADMIN_IDS": await terminal.answer("Id, or several with commas")}


async def _ask_model(terminal: Terminal) -> dict[str, str]:
    terminal.tell("3. The model that answers:")
    for number, (name, _) in MODELS.items():
        terminal.tell(f"   {number}  {name}")
    chosen = await terminal.answer("Number [1]") or "1"
    if chosen not in MODELS:
        return await _ask_model(terminal)
    values = {name: "" for _, names in MODELS.values() for name in names}
    values["GENERATOR"] = "openai" if chosen == "3" else "aura"
    for name in MODELS[chosen][1]:
        values[name] = await terminal.answer(_EXPLAINED[name])
    return values


def updated(text: str, values: Mapping[str, str]) -> str:
    """The text of an `.env` with these values: in their old places, else at the end; other lines stay as they are."""
    lines, missing = text.splitlines(), dict(values)
    for at, line in enumerate(lines):
        assigned = re.match(r"\s*(?:export\s+)?(\w+)\s*=", line)
        if assigned and assigned[1].upper() in values:
            name = assigned[1].upper()
            lines[at] = f"{name}={_quoted(values[name])}"
            missing.pop(name, None)
    added = [f"{name}={_quoted(value)}" for name, value in missing.items() if value]
    return "\n".join([*lines, *added]) + "\n"


def _quoted(value: str) -> str:
    """A value as dotenv reads it back."""
    if not value or re.fullmatch(r"[\w./:@,+-]+", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _write(file: Path, values: Mapping[str, str]) -> None:
    """Write the file anew, readable by its owner alone at every moment. Raises SettingsProblem."""
    beside = file.with_name(file.name + ".new")
    try:
        text = updated(file.read_text(encoding="utf-8") if file.exists() else "", values)
        beside.unlink(missing_ok=True)
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE), "w", encoding="utf-8"
        ) as new:
            new.write(text)
        beside.replace(file)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"{file.absolute()} cannot be written: {error}") from error
