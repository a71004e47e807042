"""What it costs to have the channel around: aiogram is paid for by who listens only."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import sys, warnings
warnings.simplefilter("error")
from bot.channels.telegram.service import TelegramService
print(sorted({"aiogram", "pydantic", "openpyxl"} & set(sys.modules)))
"""


def test_the_service_can_be_imported_without_aiogram_and_without_a_warning() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")
