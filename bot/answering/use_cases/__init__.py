"""Use cases: each decides and changes one thing that people ask for, in one transaction."""
