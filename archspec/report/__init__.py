"""Pure functions from a model to text, one format a file."""
