"""Pure functions from a model to text, one format per file."""
