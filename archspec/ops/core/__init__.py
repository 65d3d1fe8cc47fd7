"""What the op files share: the op class, field types, initialisers, window arithmetic."""
