"""One room for scenarios and templates: closed names, types, the walker over Jinja's tree."""
