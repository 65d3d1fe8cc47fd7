"""From source text to a checked document: reading, expressions, schema. Knows no op and no tensor."""
