"""The limits of what archspec reads and elaborates. No real network comes near them; they stop a hostile file."""

FILE_BYTES = 16 * 2**20
"""The size of a spec file."""
VALUES = 120_000
"""Values in a spec file: numbers, texts, lists and tables, parts of dotted keys."""
KEYS = 10_000
"""Keys of a table."""
WRITTEN = 10_000
"""Nodes that a file writes, before blocks and repeats multiply them."""
KEY_PARTS = 16
"""Parts of a dotted key."""
DEPTH = 64
"""Levels of nested tables, lists, groups and block calls, each counted by itself."""
NODES = 50_000
"""Nodes that are elaborated, equal block instances counted once."""
DISTINCT = 10_000
"""Distinct modules: instances of blocks, ops with other fields or inputs; long values count more."""
ALL_NODES = 100_000
"""Nodes that are elaborated for all variants of a file together."""
ALL_DISTINCT = 15_000
"""Distinct modules of all variants of a file together."""
LISTING = 1_000_000
"""Modules or weights that a report may list, every instance counted."""
EXPRESSION_LENGTH = 1_000
"""Characters of an expression."""
EXPRESSION_TOKENS = 256
"""Words and signs of an expression."""
EXPRESSION_DEPTH = 32
"""Nesting of an expression."""
LIST_LENGTH = 1_000
"""Elements of a list, except in lists of nodes."""
EVALUATIONS = 2_000
"""Evaluations in the comprehensions of a constant expression: elements times the terms evaluated for each."""
ALL_EVALUATIONS = 1_000_000
"""The same for all other expressions of a file, in one network."""
INTEGER = 2**63 - 1
"""Magnitude of an integer."""
TEXT_LENGTH = 1_000
"""Characters of text that is put into other text."""
NAME_LENGTH = 200
"""Characters of a name."""
FINDINGS = 500
"""Findings of one run."""
