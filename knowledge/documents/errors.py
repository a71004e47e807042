"""Why a file is not read."""


class DocumentError(Exception):
    """A file is refused. `str()` is a Chinese sentence for its sender, `detail` is for the log."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return self.reason
