"""The use cases, over ports only: record, react, advance, send, sweep."""
