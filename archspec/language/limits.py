"""What archspec reads and elaborates at most. No real network comes near; a hostile file is stopped here."""

FILE_BYTES = 4 * 2**20
"""The size of a spec file."""
DEPTH = 64
"""How deep tables, lists, groups and block calls may be nested, each counted by itself."""
NODES = 50_000
"""Nodes that are elaborated, equal block instances counted once."""
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
INTEGER = 2**63 - 1
"""Magnitude of an integer."""
TEXT_LENGTH = 1_000
"""Characters of text that is put into other text."""
NAME_LENGTH = 200
"""Characters of a name."""
FINDINGS = 500
"""Findings of one run."""
