"""Mutation testing of the pure rules: `make mutants`."""
