"""The browser: chat, sign-in and files. Everything is served from the machine itself."""
