"""A language model on this machine, behind the same HTTP that openchat-ui speaks."""
