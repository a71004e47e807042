"""The command line. Nothing heavy is imported before the command that needs it is known."""

from bot.cli.main import main

__all__ = ["main"]
