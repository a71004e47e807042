"""Other people's question banks, in the layouts in which they are found.

Pure and synchronous, like `knowledge.documents`, whose checks and limits stand before every
reader here. A file is refused as a whole with `DocumentError`; a question that cannot be
understood is a `Fault` with its place and reason.
"""

from knowledge.quiz.layouts.raw import Fault, Reading
from knowledge.quiz.layouts.reading import SUFFIXES, read

__all__ = ["SUFFIXES", "Fault", "Reading", "read"]
