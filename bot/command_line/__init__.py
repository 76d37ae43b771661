"""Commands beside `run`: the check of the settings and the set-up."""
