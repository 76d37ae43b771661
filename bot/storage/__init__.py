"""Storage: the database, its tables, and the queries of each."""
