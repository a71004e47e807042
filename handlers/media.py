"""What a file is, told by its content and never by its name."""

from __future__ import annotations

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})
OTHER = "application/octet-stream"


def media_type(data: bytes) -> str:
    """Return the media type of a picture or PDF; anything else is only bytes to be saved."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if data.startswith(b"%PDF-") else OTHER
