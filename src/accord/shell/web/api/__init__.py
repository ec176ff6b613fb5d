"""/api/v1, for the systems around: one file a resource, each with its list of operations."""
