"""The ports: what the engine needs of a database and of a mail carrier, said by the engine."""
