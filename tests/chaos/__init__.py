"""Everything that can go wrong at once, over several replicas, and a count of what the people see of it."""
