"""The error that a command shows to its user."""


class Refusal(Exception):
    """The command cannot be carried out; the text says why and what to do."""
