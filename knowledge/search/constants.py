"""The constants of ranking, all in one place. docs/search.md says where each comes from.

They were chosen on the two development sets together, on a plateau rather than at a peak: a
change of any of them by a fifth moves R@1 by less than the error of the measurement.
"""

from __future__ import annotations

# Fields, in the order of their keys.
WORDS, CHARACTERS, SYLLABLES = range(3)
FIELDS = 3

# Weight of each field in the sum, and BM25's saturation of term frequency and of length.
WEIGHTS = (1.0, 1.6, 0.75)
K1 = (0.9, 0.6, 0.9)
B = 0.8

# The title counts again on its own, shared among the passages that bear the same title.
TITLE_WEIGHT = 0.5
TITLE_K1 = 0.9
TITLE_B = 0.75

# A synonym or the long form of an abbreviation counts less than the word that was typed.
DISCOUNT = 0.6

# Impacts are stored in a byte; the greatest is a term without end in text and title.
GREATEST_IMPACT = (max(K1) + 1) + TITLE_WEIGHT * (TITLE_K1 + 1)
IMPACT_STEP = GREATEST_IMPACT / 255

# Search effort: postings read for the candidates, candidates completed exactly, and the share
# of passages from which on a term is kept as a column of the forward index instead of postings.
POSTINGS_READ = 12_000
CANDIDATES = 200
FREQUENT = 1 / 16
# Smaller segments are searched by postings alone.
FORWARD_FROM = 2_048
CHAMPIONS = 512

# A question is read up to here; what follows adds nothing and would only cost time.
QUESTION_LENGTH = 300
