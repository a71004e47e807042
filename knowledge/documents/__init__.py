"""Reading files into texts, and splitting texts into sections.

Pure and synchronous: nothing here knows a database or an event loop, so that it may run in a
worker thread or process. What parses a format is imported only when a file of that format is
read, because this package stands in the way of every start.
"""

from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind, Section
from knowledge.documents.reading import read
from knowledge.documents.safety import check_upload, safe_name

__all__ = [
    "Block",
    "BlockKind",
    "Document",
    "DocumentError",
    "Kind",
    "Limits",
    "Section",
    "check_upload",
    "read",
    "safe_name",
]
