"""Compute backend: the contract and the three nouns for both sides, the rest for the worker only."""
