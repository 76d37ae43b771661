"""Parts that only PostgreSQL needs."""
