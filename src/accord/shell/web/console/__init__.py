"""The console: what the team looks at, and the few things that it may do there; server-rendered, no script."""
