"""From an author's text to a Scenario, or to diagnostics with file, line and column."""
