"""Questions about a module tree, one a file."""
