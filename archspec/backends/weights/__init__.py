"""Weights: reading, generating and storing them, and matching a weight file to a network."""
