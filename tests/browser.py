"""An installed browser for tests that need a real one; none is ever downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

NAMES = (
    # The same engine without the windows that nobody sees: about half the work.
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "microsoft-edge",
    "chrome",
    "msedge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
# It talks to nobody but the pages under test.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ADVICE = "no browser found: install Chromium (Debian: apt-get install chromium), Chrome or Edge"


class NoBrowser(Exception):
    """There is no browser on this machine."""


def find_browser() -> str:
    """Return the path of an installed browser; raises `NoBrowser` with what to install."""
    found = [shutil.which(name) for name in NAMES] + [p for p in PLACES if Path(p).exists()]
    for path in filter(None, found):
        return path
    raise NoBrowser(ADVICE)


@asynccontextmanager
async def headless() -> AsyncIterator[Browser]:
    """Start the installed browser without a window."""
    # Chromium's sandbox refuses to start for root, which is who runs in a container.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*FLAGS, *(["--no-sandbox"] if is_root else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=flags)
        yield browser
        await browser.close()
