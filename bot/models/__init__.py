"""The models that may answer: entries of `models.toml`, or the one of the environment, and a client for each."""
