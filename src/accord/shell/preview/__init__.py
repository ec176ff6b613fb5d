"""The dry-run report."""
