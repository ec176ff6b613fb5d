"""Pictures: SVG drawn from values alone, for pages and reports; each says in words what it shows."""
