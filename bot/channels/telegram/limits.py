"""What Telegram allows; `tests/bot/telegram/test_contract.py` holds it against the library."""

TEXT = 4096
"""UTF-16 code units of one message."""
CAPTION = 1024
"""UTF-16 code units under a photo or a document."""
CALLBACK_DATA = 64
"""Bytes that a button sends back."""
CALLBACK_NOTICE = 200
"""UTF-16 code units shown to the one who pressed a button."""
LABEL = 64
"""UTF-16 code units on one button: a keyboard of more than about 10 KB is refused for good."""
BUTTONS = 100
BUTTONS_IN_ROW = 8
POLL_QUESTION = 300
POLL_OPTION = 100
POLL_OPTIONS = 12
POLL_EXPLANATION = 200
"""UTF-16 code units, on three lines at most."""
POLL_SECONDS = (5, 2_628_000)
"""Shortest and longest time for which a poll may be open."""
COMMANDS = 100
COMMAND_NAME = 32
COMMAND_HELP = 256
WEBHOOK_SECRET = 256
PHOTO_BYTES = 10_000_000
DOWNLOAD_BYTES = 20_000_000
PER_SECOND = 30
"""Calls a second of one bot, all chats together."""
GROUP_PER_MINUTE = 20
