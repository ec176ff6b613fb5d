"""Who says when: one list of jobs, and a ticker that asks for them, by intervals or by PostgreSQL's own queue."""
