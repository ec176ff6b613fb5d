"""The database: the only room that sees tables."""
