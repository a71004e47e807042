"""Search over the passages of the library. Pure: no database, no event loop, no platform.

`Index` is built from `Passage` values with a `Lexicon`, saved, mapped, kept in step and asked;
`Index.search` returns a `Ranking` with its verdict. docs/search.md says how it works.
"""
