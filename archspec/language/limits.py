"""What archspec reads and elaborates at most. No real network comes near; a hostile file is stopped here."""

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
"""How deep tables, lists, groups and block calls may be nested, each counted by itself."""
NODES = 50_000
"""Nodes that are elaborated, equal block instances counted once."""
DISTINCT = 10_000
"""Modules that differ from each other: instances of blocks, ops with other fields or inputs; long values count more."""
ALL_NODES = 100_000
"""Nodes that are elaborated for all variants of a file together."""
ALL_DISTINCT = 15_000
"""Modules that differ, of all variants of a file together."""
LISTING = 1_000_000
"""Modules or weights that a report may list, every instance counted."""
EXPRESSION_LENGTH = 1_000
"""Characters of an expression."""
EXPRESSION_TOKENS = 256
"""Words and signs of an expression."""
EXPRESSION_DEPTH = 32
"""Nesting of an expression."""
LIST_LENGTH = 1_000
"""Elements of a list that is no list of nodes."""
EVALUATIONS = 2_000
"""What the comprehensions of a constant expression evaluate: elements times the words of what is said of each."""
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
