"""Search over the passages of the library. Pure: no database, no event loop, no platform.

`Index` is built from `Passage` values with a `Lexicon`, saved, mapped, kept in step and asked;
`Index.search` returns a `Ranking` with its verdict. docs/search.md says how it works.
"""

import os

# numpy's linear algebra starts a thread for every core when it is imported: 50 ms of CPU and
# some memory for matrices of a size that does not occur here. Whoever wants them sets a number.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
