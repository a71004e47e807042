"""What is loaded when the program has started stays for good."""

from __future__ import annotations

import gc


def keep_loaded() -> None:
    """Let full collections of garbage pass over what is in memory now (`gc.freeze`).

    Modules and mappings are over 100,000 objects; walking them takes some 70 ms, in
    which nobody is answered, and a busy tick of the sweep sets off such a collection.
    """
    gc.collect()
    gc.freeze()
