"""Writers of answers: one contract, several generators, and one place where their failures become ours."""
